"""How much was started by dismissed people: by the number of each, and a look at everybody not known yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.answers import Answer, read_rows, rows
from bxapp.bitrix.errors import BitrixError
from bxapp.bitrix.methods.people import people_command, read_people
from bxapp.bitrix.parts import in_parts
from bxapp.workflows import overview_questions as ask
from bxapp.workflows.filters import Filter
from bxapp.workflows.questions import MOST_VALUES
from bxapp.workflows.rows import LARGEST_NUMBER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bxapp.bitrix.client import Client, Command
    from bxapp.bitrix.methods import Instance
    from bxapp.workflows.overview_knowledge import Knowledge

_FIELDS = ["STARTED_BY"]
# As many people as one page of an answer holds.
_PER_COMMAND = 50


class People:
    """The part of the overview's request that is about people; ``commands`` go into the batch."""

    def __init__(self, known: Knowledge, now: datetime) -> None:
        self._known = known
        self._now = now
        self._starters = known.starters
        self._dismissed = known.dismissed
        self._meant = {
            f"dismissed{place}": Filter(started_by=frozenset(numbers))
            for place, numbers in enumerate(ask.lists(self._dismissed)[: ask.MOST_LISTS])
        }
        strangers = enumerate(ask.outside("STARTED_BY", self._starters))
        self._strangers = {f"strangers{place}": question for place, question in strangers}
        self._stale = known.stale[:_PER_COMMAND]
        self.commands: dict[str, Command] = {
            **{key: ask.command(meant.question(now), _FIELDS) for key, meant in self._meant.items()},
            **{key: ask.command(question, _FIELDS) for key, question in self._strangers.items()},
            **({"stale": people_command(self._stale)} if self._stale else {}),
        }

    def read(self, answers: Mapping[str, Answer | BitrixError], client: Client) -> tuple[int | None, bool]:
        """Return how much was started by dismissed people, and whether it may be more.

        Asks the portal, once more, for people who were not known. None where it tells nothing of people.
        """
        counted = [ask.tally_of(answers[key], meant, self._now) for key, meant in self._meant.items()]
        strangers = [ask.tally(answers[key], self._is_stranger) for key in self._strangers]
        unknown = [
            row for tally in strangers if tally for row in tally.rows if 0 < row.started_by <= LARGEST_NUMBER
        ]
        self._learn_stale(answers.get("stale"))
        is_told = self._learn_strangers(client, {row.started_by for row in unknown})
        if None in counted or (not is_told and not self._known.people):
            return None, False
        newly = self._known.dismissed - self._dismissed
        total = sum(tally.total for tally in counted if tally)
        total += sum(row.started_by in newly for row in unknown)
        is_complete = (
            is_told
            and bool(strangers)
            and all(tally and tally.is_whole for tally in strangers)
            # Who was known and is dismissed now has not been counted yet.
            and not newly & self._starters
            and len(self._dismissed) <= ask.MOST_LISTS * MOST_VALUES
        )
        return total, not is_complete

    def _is_stranger(self, row: Instance) -> bool:
        # An empty column is read as the system's number.
        return row.started_by == 0 or row.started_by not in self._starters

    def _learn_stale(self, answer: Answer | BitrixError | None) -> None:
        if isinstance(answer, Answer):
            heard = read_people(rows(answer.result))
            self._known.learn_people(set(self._stale) & heard.keys(), heard)

    def _learn_strangers(self, client: Client, met: set[int]) -> bool:
        """Ask who they are; return whether the portal told."""
        if not met:
            return True
        parts = in_parts(sorted(met), _PER_COMMAND)
        commands = {f"people{place}": people_command(part) for place, part in enumerate(parts)}
        try:
            answers = client.batch(commands).answers.values()
            heard = {
                user_id: person
                for answer in answers
                for user_id, person in read_people(read_rows(answer)).items()
            }
        except BitrixError:
            return False
        self._known.learn_people(met, heard)
        return True
