"""The table of running workflows (``b_bp_workflow_instance``), with the indexes that lists need."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

_KEPT_LISTS = 32


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
    """Rows by ID, in order of ID, change and start, and by template and starter.

    A list that was computed once is kept until something changes.
    """

    def __init__(self) -> None:
        self._rows: dict[str, InstanceRow] = {}
        self._ids: list[str] = []
        self._modified: list[tuple[datetime, str]] = []
        self._started: list[tuple[datetime, str]] = []
        self._templates: dict[int, set[str]] = {}
        self._starters: dict[int, set[str]] = {}
        self._lists: dict[str, list[InstanceRow]] = {}

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
        self._templates.setdefault(row.template_id, set()).add(row.id)
        self._starters.setdefault(row.started_by, set()).add(row.id)
        self._lists.clear()

    def remove(self, workflow_id: str) -> None:
        row = self._rows.pop(workflow_id, None)
        if row is None:
            return
        del self._ids[bisect_left(self._ids, row.id)]
        del self._modified[bisect_left(self._modified, (row.modified, row.id))]
        del self._started[bisect_left(self._started, (row.started, row.id))]
        self._templates[row.template_id].discard(row.id)
        self._starters[row.started_by].discard(row.id)
        self._lists.clear()

    def save(self, row: InstanceRow, *, modified: datetime, owned_until: datetime | None) -> None:
        """What the persister writes to an existing row."""
        del self._modified[bisect_left(self._modified, (row.modified, row.id))]
        row.modified = modified
        row.owned_until = owned_until
        insort(self._modified, (row.modified, row.id))
        self._lists.clear()

    def of_group(self, column: str, value: int) -> set[str]:
        """IDs of the rows with this ``TEMPLATE_ID`` or ``STARTED_BY``. Read only."""
        groups = self._templates if column == "TEMPLATE_ID" else self._starters
        return groups.get(value, set())

    def kept_list(self, name: str, compute: Callable[[], list[InstanceRow]]) -> list[InstanceRow]:
        """The list called ``name``, computed unless nothing has changed since it was."""
        found = self._lists.get(name)
        if found is None:
            if len(self._lists) >= _KEPT_LISTS:
                self._lists.clear()
            found = self._lists[name] = compute()
        return found

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
