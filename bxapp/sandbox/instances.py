"""Choosing rows for ``bizproc.workflow.instances``: conditions, order, page, count.

Conditions on the ID are answered from the sorted IDs, the usual orders from sorted lists, so that a
page of 50,000 rows costs no more than one of 300.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from bxapp.sandbox import php
from bxapp.sandbox.filters import Column, Kind, predicate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bxapp.sandbox.filters import Condition
    from bxapp.sandbox.rows import InstanceRow, RowIndex

COLUMNS: dict[str, Column[InstanceRow]] = {
    "ID": Column(Kind.TEXT, attrgetter("id")),
    "MODIFIED": Column(Kind.DATE, attrgetter("modified")),
    "OWNED_UNTIL": Column(Kind.DATE, attrgetter("owned_until")),
    "MODULE_ID": Column(Kind.TEXT, attrgetter("module_id")),
    "ENTITY": Column(Kind.TEXT, attrgetter("entity")),
    "DOCUMENT_ID": Column(Kind.TEXT, attrgetter("document_id")),
    "STARTED": Column(Kind.DATE, attrgetter("started")),
    "STARTED_BY": Column(Kind.NUMBER, attrgetter("started_by")),
    "TEMPLATE_ID": Column(Kind.NUMBER, attrgetter("template_id")),
}
DEFAULT_SELECT = ["ID", "MODIFIED", "OWNED_UNTIL"]
DEFAULT_ORDER = [("MODIFIED", True)]
_INDEXED = ("ID", "MODIFIED", "STARTED")


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[InstanceRow]
    total: int


def select_page(
    index: RowIndex,
    conditions: Sequence[Condition],
    order: Sequence[tuple[str, bool]],
    offset: int,
    size: int,
) -> Page:
    """Rows ``offset`` to ``offset + size`` of those that meet every condition, and how many do."""
    lower, upper, rest = _id_range(index.ids(), conditions)
    tests = [predicate_of(one, COLUMNS[one.name]) for one in rest]
    whole = lower == 0 and upper == len(index)
    first, descending = order[0]
    if first in _INDEXED and (first == "ID" or whole) and (first == "ID" or len(order) == 1):
        ordered = index.ids()[lower:upper] if first == "ID" and not whole else index.in_order(first)
        if not tests:
            return Page([index[_id(one)] for one in _slice(ordered, offset, size, descending)], len(ordered))
        steps: Iterable[object] = reversed(ordered) if descending else ordered
        found = [row for one in steps if _meets(tests, row := index[_id(one)])]
        return Page(found[offset : offset + size], len(found))
    rows = [row for one in index.ids()[lower:upper] if _meets(tests, row := index[one])]
    for name, backwards in reversed(order):
        rows.sort(key=_key(name), reverse=backwards)
    return Page(rows[offset : offset + size], len(rows))


def _meets(tests: Sequence[Callable[[InstanceRow], bool]], row: InstanceRow) -> bool:
    return all(test(row) for test in tests)


def _id(entry: object) -> str:
    return entry if isinstance(entry, str) else entry[1]  # type: ignore[index]


def _slice(ordered: Sequence[object], offset: int, size: int, descending: bool) -> Iterator[object]:
    if not descending:
        return iter(ordered[offset : offset + size])
    end = max(0, len(ordered) - offset)
    return reversed(ordered[max(0, end - size) : end])


def _key(name: str) -> Callable[[InstanceRow], tuple[bool, object]]:
    value = COLUMNS[name].value
    return lambda row: ((found := value(row)) is not None, found.upper() if isinstance(found, str) else found)


def _id_range(ids: list[str], conditions: Sequence[Condition]) -> tuple[int, int, list[Condition]]:
    """The part of the sorted IDs that conditions on the ID leave, and the other conditions."""
    lower, upper = 0, len(ids)
    rest: list[Condition] = []
    for condition in conditions:
        value = condition.value
        plain = isinstance(value, str) and value == value.lower()
        if condition.name != "ID" or not plain or condition.operator not in {"<", "<=", ">", ">=", "="}:
            rest.append(condition)
            continue
        wanted = php.text(value)
        if condition.operator in {">", ">=", "="}:
            cut = bisect_right if condition.operator == ">" else bisect_left
            lower = max(lower, cut(ids, wanted))
        if condition.operator in {"<", "<=", "="}:
            cut = bisect_left if condition.operator == "<" else bisect_right
            upper = min(upper, cut(ids, wanted))
    return lower, max(lower, upper), rest
