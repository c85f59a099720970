"""How much runs in a portal: all counts of the overview in one request.

Somebody who was not known before costs one or two small ones more. The very first time the counts are asked
for twice: the first answer tells whom and what to count.

Dates in a portal's filter may be off by the offset between two time zones, so none is used to count: what is
locked is few, and which of it hangs is decided here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import BitrixError, Unheard
from bxapp.workflows import overview_keeping
from bxapp.workflows import overview_questions as ask
from bxapp.workflows.filters import Filter
from bxapp.workflows.kinds import KINDS
from bxapp.workflows.overview_counts import Counts
from bxapp.workflows.overview_knowledge import Knowledge
from bxapp.workflows.overview_people import People
from bxapp.workflows.overview_templates import Templates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bxapp.bitrix.answers import Answer
    from bxapp.bitrix.client import Client
    from bxapp.portals.models import Portal

    Answers = Mapping[str, Answer | BitrixError]

# "Everything of the CRM" is the sum of others, and would say nothing new.
_KINDS = {f"kind_{name}": name for name in KINDS if name != "crm"}
# Before every lock that ever was: that a date is empty cannot be said to every server in another way.
_LOCKED = {">=OWNED_UNTIL": "2000-01-01T00:00:00+00:00"}
_LOCKED_STARTS = (0, 50)
_MOST_LOOKS = 3


def count(client: Client, portal: Portal, now: datetime) -> Counts:
    """Return how much runs in the portal, as it says itself; what it did not answer is missing.

    Raises BitrixError when not even the number of all could be had.
    """
    before = overview_keeping.latest(portal)
    known = Knowledge.of(portal, before, now)
    counts = _counted(client, known, now)
    if before is None and (known.has_met or known.has_found):
        known.has_met = False
        counts = _counted(client, known, now)
    return _with_everybody(client, known, counts)


def _counted(client: Client, known: Knowledge, now: datetime) -> Counts:
    people = People(known, now)
    commands = {**_plain_commands(now), **people.commands}
    templates = Templates(known, now, LONGEST_BATCH - len(commands))
    answers = client.batch({**commands, **templates.commands}).answers
    everything = ask.tally(answers["all"], lambda row: True)
    if everything is None:
        error = answers["all"]
        raise error if isinstance(error, BitrixError) else Unheard("", "the list of workflows is no list")
    hung, hung_is_rough = _hung(answers, now)
    dismissed, dismissed_is_least = people.read(answers, client)
    of_templates = templates.read(answers)
    return Counts(
        counted_at=now,
        total=everything.total,
        oldest=min((row.started for row in everything.rows if row.started), default=None),
        hung=hung,
        hung_is_rough=hung_is_rough,
        dismissed=dismissed,
        dismissed_is_least=dismissed_is_least,
        rules=of_templates.rules,
        kinds=_of_kinds(answers, now),
        templates=of_templates.by_id,
        other_templates=of_templates.others,
        likely_templates=known.likely_others(of_templates.by_id),
        listed_templates=known.listed,
        unnamed_starters=frozenset(known.unnamed),
    )


def _with_everybody(client: Client, known: Knowledge, counts: Counts) -> Counts:
    """Count anew what people started, while each look meets somebody who was not known before."""
    for _ in range(_MOST_LOOKS):
        if not (counts.dismissed_is_least and known.has_met):
            break
        known.has_met = False
        people = People(known, counts.counted_at)
        try:
            dismissed, is_least = people.read(client.batch(people.commands).answers, client)
        except BitrixError:
            # The figures are there, and they say that it may be more.
            break
        counts = replace(
            counts,
            dismissed=dismissed,
            dismissed_is_least=is_least,
            unnamed_starters=frozenset(known.unnamed),
        )
    return counts


def _plain_commands(now: datetime) -> dict[str, Command]:
    """Return the commands for which nothing has to be known."""
    everything = ask.command({}, ["STARTED"], "STARTED", newest=False)
    locked = {
        f"locked{start}": ask.command(_LOCKED, ["OWNED_UNTIL"], "OWNED_UNTIL", start=start)
        for start in _LOCKED_STARTS
    }
    kinds = {
        key: ask.command(_of_kind(name).question(now), ["MODULE_ID", "ENTITY"])
        for key, name in _KINDS.items()
    }
    return {"all": everything, **locked, **kinds}


def _hung(answers: Answers, now: datetime) -> tuple[int | None, bool]:
    """Return how many hang: all that are locked but those whose lock is young, and these come first.

    Also whether more were young than could be looked at.
    """
    pages = [
        ask.tally(answers[f"locked{start}"], lambda row: row.owned_until is not None)
        for start in _LOCKED_STARTS
    ]
    if pages[0] is None:
        return None, False
    seen = {row.id: row for page in pages if page for row in page.rows}
    young = sum(not row.is_hung(now) for row in seen.values())
    return pages[0].total - young, young == len(seen) < pages[0].total


def _of_kinds(answers: Answers, now: datetime) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, name in _KINDS.items():
        tally = ask.tally_of(answers[key], _of_kind(name), now)
        if tally and tally.total:
            found[name] = tally.total
    return found


def _of_kind(name: str) -> Filter:
    return Filter(kinds=frozenset({KINDS[name]}))
