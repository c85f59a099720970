"""The table of running workflows (``b_bp_workflow_instance``), with the indexes that lists need."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(slots=True)
class InstanceRow:
    """One running workflow, as ``bizproc.workflow.instances`` shows it. Dates are whole seconds, UTC."""

    id: str
    modified: datetime
    owned_until: datetime | None
    module_id: str
    entity: str
    document_id: str
    started: datetime
    started_by: int
    template_id: int


class RowIndex:
    """Rows by ID, kept in order of ID, change and start.

    ``version`` grows with every change, so that whoever computed a list knows whether it still holds.
    """

    def __init__(self) -> None:
        self._rows: dict[str, InstanceRow] = {}
        self._ids: list[str] = []
        self._modified: list[tuple[datetime, str]] = []
        self._started: list[tuple[datetime, str]] = []
        self.version = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[InstanceRow]:
        return iter(self._rows.values())

    def __contains__(self, workflow_id: str) -> bool:
        return workflow_id in self._rows

    def __getitem__(self, workflow_id: str) -> InstanceRow:
        return self._rows[workflow_id]

    def get(self, workflow_id: str) -> InstanceRow | None:
        return self._rows.get(workflow_id)

    def add(self, row: InstanceRow) -> None:
        """Insert ``row``, or replace the one with the same ID."""
        self.remove(row.id)
        self._rows[row.id] = row
        insort(self._ids, row.id)
        insort(self._modified, (row.modified, row.id))
        insort(self._started, (row.started, row.id))
        self.version += 1

    def remove(self, workflow_id: str) -> None:
        row = self._rows.pop(workflow_id, None)
        if row is None:
            return
        del self._ids[bisect_left(self._ids, row.id)]
        del self._modified[bisect_left(self._modified, (row.modified, row.id))]
        del self._started[bisect_left(self._started, (row.started, row.id))]
        self.version += 1

    def save(self, row: InstanceRow, *, modified: datetime, owned_until: datetime | None) -> None:
        """What the persister writes to an existing row."""
        del self._modified[bisect_left(self._modified, (row.modified, row.id))]
        row.modified = modified
        row.owned_until = owned_until
        insort(self._modified, (row.modified, row.id))
        self.version += 1

    def in_order(self, column: str) -> list[str] | list[tuple[datetime, str]]:
        """IDs, or pairs of date and ID, ascending by ``ID``, ``MODIFIED`` or ``STARTED``. Read only."""
        match column:
            case "ID":
                return self._ids
            case "MODIFIED":
                return self._modified
            case _:
                return self._started

    def ids(self) -> list[str]:
        """All IDs in ascending order. Not to be changed by the caller."""
        return self._ids
