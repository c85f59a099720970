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
    """One running workflow, as ``bizproc.workflow.instances`` shows it."""

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
    """Rows by ID, with the IDs in order. ``version`` grows with every change, so that a list can be kept."""

    def __init__(self) -> None:
        self._rows: dict[str, InstanceRow] = {}
        self._ids: list[str] = []
        self.version = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[InstanceRow]:
        return iter(self._rows.values())

    def __contains__(self, workflow_id: str) -> bool:
        return workflow_id in self._rows

    def get(self, workflow_id: str) -> InstanceRow | None:
        return self._rows.get(workflow_id)

    def add(self, row: InstanceRow) -> None:
        """Insert ``row``, or replace the one with the same ID."""
        if row.id not in self._rows:
            if self._ids and row.id > self._ids[-1]:
                self._ids.append(row.id)
            else:
                insort(self._ids, row.id)
        self._rows[row.id] = row
        self.version += 1

    def remove(self, workflow_id: str) -> None:
        if self._rows.pop(workflow_id, None) is None:
            return
        del self._ids[bisect_left(self._ids, workflow_id)]
        self.version += 1

    def touch(self) -> None:
        """Say that a row was changed in place."""
        self.version += 1

    def ids(self) -> list[str]:
        """All IDs in ascending order. Not to be changed by the caller."""
        return self._ids

    def clear(self) -> None:
        self._rows.clear()
        self._ids.clear()
        self.version += 1
