"""What the application says of a run, read from beside it: jobs, items, and their audit entries."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.database import select

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from deploy.stack import Stack

FOR_A_PERSON = frozenset({"open_again", "rights_lost"})
_FIRST_LOOK_WITHIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the database has it. Moments are Unix seconds by the clock of whoever wrote them."""

    id: int
    portal_id: int
    user_id: int
    state: str
    message: str
    total: int
    counts: Mapping[str, int]
    blocked_reason: str
    not_before: float | None
    finished_at: float | None
    ghosts_due_at: float | None
    may_use_other_grants: bool

    @property
    def is_finished(self) -> bool:
        return self.state == "finished"

    @property
    def looks_soon(self) -> bool:
        """Whether its first look for what came back is still to come; nothing here lasts until a second."""
        return (
            self.ghosts_due_at is not None and self.ghosts_due_at < time.time() + _FIRST_LOOK_WITHIN_SECONDS
        )


@dataclass(frozen=True, slots=True)
class ItemRow:
    job_id: int
    workflow_id: str
    state: str
    outcome: str
    reason: str
    message: str
    other_job_id: int | None
    not_before: float | None
    sent_at: float | None
    finished_at: float | None
    # Calls whose answers nobody recorded, and that are not known to have done nothing.
    unheard_calls: int

    @property
    def told(self) -> str:
        return f"{self.outcome or self.state}{f' ({self.reason})' if self.reason else ''}"


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An audit entry of a job."""

    at: float
    kind: str
    job_id: int
    workflow_id: str
    user_id: int | None
    message: str
    outcome: str
    reason: str
    rights_of_id: int | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything of some portals at one moment."""

    jobs: Mapping[int, JobRow]
    items: Mapping[int, list[ItemRow]]
    entries: Mapping[int, list[EntryRow]]

    @property
    def every_item(self) -> list[ItemRow]:
        return [item for items in self.items.values() for item in items]


def portal_ids(stack: Stack, member_ids: Collection[str]) -> dict[str, int]:
    """Return the application's numbers of portals, by ``member_id``."""
    rows = select(stack, "SELECT member_id, id FROM portals_portal")
    return {member_id: number for member_id, number in rows if member_id in member_ids}


def read_jobs(stack: Stack, portals: Collection[int]) -> dict[int, JobRow]:
    """Return the jobs of portals by their keys."""
    rows = select(
        stack,
        _of(
            "SELECT id, portal_id, created_by_id, state, message, total, terminated, already_finished,"
            " failed, cancelled, blocked_reason, not_before, finished_at, ghosts_due_at,"
            " may_use_other_grants"
            " FROM terminations_job",
            portals,
        ),
    )
    outcomes = ("terminated", "already_finished", "failed", "cancelled")
    return {
        row[0]: JobRow(
            id=row[0],
            portal_id=row[1],
            user_id=row[2],
            state=row[3],
            message=row[4],
            total=row[5],
            counts=dict(zip(outcomes, row[6:10], strict=True)),
            blocked_reason=row[10],
            not_before=_moment(row[11]),
            finished_at=_moment(row[12]),
            ghosts_due_at=_moment(row[13]),
            may_use_other_grants=bool(row[14]),
        )
        for row in rows
    }


def read_ledger(stack: Stack, portals: Collection[int]) -> Ledger:
    """Return jobs, items and audit entries of portals."""
    items: dict[int, list[ItemRow]] = defaultdict(list)
    for row in select(
        stack,
        _of(
            "SELECT job_id, workflow_id, state, outcome, reason, message, other_job_id, not_before, sent_at,"
            " finished_at, unheard_calls FROM terminations_item",
            portals,
        ),
    ):
        items[row[0]].append(ItemRow(*row[:7], *map(_moment, row[7:10]), *row[10:]))
    entries: dict[int, list[EntryRow]] = defaultdict(list)
    for row in select(
        stack,
        _of(
            "SELECT at, kind, job_id, workflow_id, actor_id, message, outcome, reason, rights_of_id"
            " FROM audit_auditentry",
            portals,
        ),
    ):
        if row[2] is not None:
            entries[row[2]].append(EntryRow(_moment(row[0]) or 0.0, *row[1:]))
    return Ledger(read_jobs(stack, portals), items, entries)


def _of(query: str, portals: Collection[int]) -> str:
    """Return a query for the rows of portals, oldest first."""
    return f"{query} WHERE portal_id IN ({', '.join(str(int(number)) for number in portals)}) ORDER BY id"


def _moment(value: Any) -> float | None:
    """Return Unix seconds of what a database gives: a text of SQLite, a date of PostgreSQL."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return float((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
