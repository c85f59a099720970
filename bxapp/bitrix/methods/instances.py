"""Running workflows: the rows of ``bizproc.workflow.instances`` (documentation of the same name).

A row is there when a workflow has run at least once and has not ended; one in its very first run is not
listed yet. Published servers ignore filter keys that they do not know and then list everything, so every
row is checked against what was asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bxapp.bitrix.answers import Answer, iso_moment, number, whole_list
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import MethodFailed, Unheard
from bxapp.bitrix.parts import in_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from bxapp.bitrix.client import Client

METHOD = "bizproc.workflow.instances"
FIELDS = (
    "ID",
    "MODIFIED",
    "OWNED_UNTIL",
    "MODULE_ID",
    "ENTITY",
    "DOCUMENT_ID",
    "STARTED",
    "STARTED_BY",
    "TEMPLATE_ID",
)
# Enough to know whether it runs, and whether it is being executed.
LOCK_FIELDS = ("ID", "OWNED_UNTIL")
PAGE_ROWS = 50
# The portal's own page calls a workflow hung when its lock is this long past.
HUNG_AFTER = timedelta(minutes=5)
_LONGEST_ID = 128
# As PHP's ``uniqid('', true)`` makes them for every portal, there in small letters.
_MADE = re.compile(r"[0-9a-f]+\.[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Instance:
    """A running workflow. Dates are UTC; ``started_by`` 0: the system; ``template_id`` 0: none.

    ``owned_until``: None when idle; set five minutes ahead when the workflow resumes, cleared when it has
    been saved. ``is_complete``: the row had every field that was asked for.
    """

    id: str
    modified: datetime | None
    owned_until: datetime | None
    module_id: str
    entity: str
    document_id: str
    started: datetime | None
    started_by: int
    template_id: int
    is_complete: bool = True

    def is_executing(self, now: datetime) -> bool:
        """Say whether it is being executed right now: stopping it now may bring it back as a ghost."""
        return self.owned_until is not None and self.owned_until > now

    def is_hung(self, now: datetime) -> bool:
        """Say whether the portal would call it hung; a long step looks the same."""
        return self.owned_until is not None and self.owned_until < now - HUNG_AFTER

    @property
    def is_ghost(self) -> bool:
        """A row without document and template: what a workflow stopped in mid-execution leaves behind."""
        named = self.module_id or self.entity or self.document_id
        return self.is_complete and not named and self.template_id == 0 and self.started_by == 0


def read_instance(row: Mapping[str, object]) -> Instance | None:
    """Return the workflow of a row, None when it has no usable ID; everything else may be missing."""
    workflow_id = row.get("ID")
    if isinstance(workflow_id, int) and not isinstance(workflow_id, bool):
        workflow_id = str(workflow_id)
    if not isinstance(workflow_id, str) or not is_usable_id(workflow_id):
        return None
    return Instance(
        id=workflow_id,
        modified=iso_moment(row.get("MODIFIED")),
        owned_until=iso_moment(row.get("OWNED_UNTIL")),
        module_id=_text(row.get("MODULE_ID")),
        entity=_text(row.get("ENTITY")),
        document_id=_text(row.get("DOCUMENT_ID")),
        started=iso_moment(row.get("STARTED")),
        started_by=number(row.get("STARTED_BY")) or 0,
        template_id=number(row.get("TEMPLATE_ID")) or 0,
        is_complete=all(name in row for name in FIELDS),
    )


def is_usable_id(workflow_id: str) -> bool:
    """Say whether a text can be a workflow's ID: printable, without blanks, not PHP's idea of nothing."""
    return (
        0 < len(workflow_id) <= _LONGEST_ID
        and workflow_id.isprintable()
        and not any(character.isspace() for character in workflow_id)
        and workflow_id != "0"
    )


def running(client: Client, ids: Iterable[str], *, fields: Sequence[str] = FIELDS) -> dict[str, Instance]:
    """Return those of the given workflows that the portal lists, by ID; the rest is not running.

    Of each only ``fields`` are asked for, of which ``ID`` must be one; the others are empty.
    50 IDs are asked for by one command, 50 commands by one request. Raises BitrixError when any part of the
    question was not answered (then nothing is known of any of them), MethodFailed ``UNFILTERED`` when the
    portal lists others than asked for.
    """
    return {instance.id: instance for instance in _listed(client, ids, fields, str)}


def named(client: Client, typed: Iterable[str]) -> dict[str, Instance]:
    """Return those of the given workflows that the portal lists, by their IDs as a person typed them.

    MySQL compares without case, so a portal may list a workflow whose ID was typed in another one. Only the
    ID of the result, which is the portal's own, is one to go on with. Raises like :func:`running`.
    """
    wanted = list(dict.fromkeys(typed))
    listed = _listed(client, wanted, FIELDS, str.casefold)
    # The very same spelling counts first: PostgreSQL tells cases apart.
    by_id = {instance.id.casefold(): instance for instance in listed} | {one.id: one for one in listed}
    found = {one: by_id.get(one) or by_id.get(one.casefold()) for one in wanted}
    return {one: instance for one, instance in found.items() if instance is not None}


def likely_id(typed: str) -> str:
    """Return the ID in the case that portals make IDs in; everything that is made otherwise as it is."""
    return typed.lower() if _MADE.fullmatch(typed) else typed


def _listed(
    client: Client, ids: Iterable[str], fields: Sequence[str], folded: Callable[[str], str]
) -> list[Instance]:
    """Return the rows of the given workflows; ``folded``: in which form two IDs have to be the same."""
    wanted = list(dict.fromkeys(ids))
    groups = in_parts(wanted, PAGE_ROWS)
    found: list[Instance] = []
    for request in in_parts(groups, LONGEST_BATCH):
        commands = {
            f"ids{place}": Command(METHOD, _question(group, fields)) for place, group in enumerate(request)
        }
        for key, answer in _answers(client, commands).items():
            group = request[int(key.removeprefix("ids"))]
            found += _checked(answer, {folded(one) for one in group}, folded)
    return found


def _question(group: Sequence[str], fields: Sequence[str]) -> dict[str, object]:
    if len(group) == 1:
        # A bare text is compared by LIKE, where _ and % are wildcards; a range of one is exact.
        where: dict[str, object] = {">=ID": group[0], "<=ID": group[0]}
    else:
        where = {"ID": list(group)}
    return {"select": list(fields), "filter": where, "order": {"ID": "ASC"}}


def _answers(client: Client, commands: Mapping[str, Command]) -> dict[str, Answer]:
    if len(commands) == 1:
        (key, command), *_ = commands.items()
        return {key: client.call(command.method, command.params)}
    answers: dict[str, Answer] = {}
    for key, answer in client.batch(commands).answers.items():
        if not isinstance(answer, Answer):
            raise answer
        answers[key] = answer
    return answers


def _checked(answer: Answer, group: AbstractSet[str], folded: Callable[[str], str]) -> list[Instance]:
    # Who is not in the list is gone, so what is no list, or a part of one, must not be taken for the whole.
    if answer.next is not None:
        raise Unheard("", "the answer is a part of the list only")
    listed = [read_instance(row) for row in whole_list(answer.result)]
    if any(instance is None or folded(instance.id) not in group for instance in listed):
        raise MethodFailed("UNFILTERED", "the portal lists other workflows than asked for")
    return [instance for instance in listed if instance is not None]


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
