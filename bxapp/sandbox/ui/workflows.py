"""The page ``/ui/workflows``: the portal's own record of what runs and of what was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bxapp.sandbox.world import EndedHow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.sandbox.world import Portal, User, Workflow

PAGE_SIZE = 50


class Shown(StrEnum):
    """A state by which the table can be filtered."""

    ALL = "all"
    RUNNING = "running"
    EXECUTING = "executing"
    HUNG = "hung"
    GHOST = "ghost"
    TERMINATED = "terminated"
    FINISHED = "finished"
    DELETED = "deleted"


LABELS = {
    Shown.ALL: "All",
    Shown.RUNNING: "Running",
    Shown.EXECUTING: "Being executed",
    Shown.HUNG: "Hung",
    Shown.GHOST: "Came back after its end",
    Shown.TERMINATED: "Terminated",
    Shown.FINISHED: "Finished by itself",
    Shown.DELETED: "Deleted",
}
_ENDED = {
    EndedHow.TERMINATE: Shown.TERMINATED,
    EndedHow.ITSELF: Shown.FINISHED,
    EndedHow.KILL: Shown.DELETED,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One workflow as the table shows it."""

    workflow: Workflow
    state: Shown
    document: str
    path: str
    template: str
    started_by: str
    ended_by: str

    @property
    def label(self) -> str:
        return LABELS[self.state]


@dataclass(frozen=True, slots=True)
class Table:
    """One page of the record and what is needed to turn it."""

    lines: list[Line]
    counts: dict[Shown, int]
    shown: Shown
    search: str
    number: int
    pages: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_SIZE + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.number * PAGE_SIZE, self.total)

    def address(self, *, shown: Shown | None = None, number: int = 1) -> str:
        """Link to another state or page, the search kept."""
        query = {"state": shown or self.shown, "q": self.search, "page": str(number)}
        return "/ui/workflows?" + urlencode({name: value for name, value in query.items() if value})


def state_of(portal: Portal, workflow: Workflow, now: datetime) -> Shown:
    """What the portal would say of ``workflow``. A ghost is one that ended and has a row all the same."""
    if workflow.ended_how is not None:
        return Shown.GHOST if workflow.row is not None else _ENDED[workflow.ended_how]
    if portal.is_executing(workflow, now):
        return Shown.EXECUTING
    return Shown.HUNG if portal.is_hung(workflow, now) else Shown.RUNNING


def table(portal: Portal, query: Mapping[str, str]) -> Table:
    """The page that ``state``, ``q`` (part of an ID) and ``page`` of the query ask for, latest first."""
    now = datetime.now(UTC)
    search = query.get("q", "").strip()
    shown = next((one for one in Shown if one == query.get("state")), Shown.ALL)
    found = [(one, state_of(portal, one, now)) for one in portal.workflows.values() if search in one.id]
    counts = dict.fromkeys(Shown, 0)
    for _, state in found:
        counts[state] += 1
    counts[Shown.ALL] = len(found)
    kept = [(one, state) for one, state in found if shown in (Shown.ALL, state)]
    kept.sort(key=lambda pair: (pair[0].ended_at or pair[0].started, pair[0].id), reverse=True)
    pages = max(1, -(-len(kept) // PAGE_SIZE))
    number = min(max(1, _whole(query.get("page", ""))), pages)
    piece = kept[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return Table([_line(portal, *pair) for pair in piece], counts, shown, search, number, pages, len(kept))


def _line(portal: Portal, workflow: Workflow, state: Shown) -> Line:
    document = portal.document_of(workflow)
    template = portal.templates.get(workflow.template_id)
    return Line(
        workflow=workflow,
        state=state,
        document=document.name if document else workflow.document_id,
        path=document.path if document else "",
        template=template.name if template else f"template {workflow.template_id}",
        started_by=_name(portal.users.get(workflow.started_by), workflow.started_by),
        ended_by=""
        if workflow.ended_by is None
        else _name(portal.users.get(workflow.ended_by), workflow.ended_by),
    )


def _name(user: User | None, number: int) -> str:
    if user:
        return user.full_name
    return f"user {number}" if number else "the system"


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 1
