"""Choosing rows for ``bizproc.workflow.instances``: conditions, order, page, count.

Conditions on the ID are answered from the sorted IDs, the usual orders from sorted lists, so that a
page of 50,000 rows costs no more than one of 300.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from bxapp.sandbox import php
from bxapp.sandbox.filters import Column, Kind, predicate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from bxapp.sandbox.filters import Condition
    from bxapp.sandbox.php import Value
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
_WILD = re.compile(r"[%_\\]")


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
    first, descending = order[0]
    if not conditions and first in _INDEXED:
        ordered = index.in_order(first)
        return Page([index[_id(one)] for one in _slice(ordered, offset, size, descending)], len(ordered))
    lower, upper, rest = _id_range(index.ids(), conditions)
    if not rest and first == "ID":
        ids = index.ids()[lower:upper]
        return Page([index[_id(one)] for one in _slice(ids, offset, size, descending)], len(ids))

    def compute() -> list[InstanceRow]:
        tests = [predicate_of(one, COLUMNS[one.name]) for one in rest]
        rows = [row for row in _candidates(index, rest, lower, upper) if all(test(row) for test in tests)]
        for name, backwards in reversed(order):
            rows.sort(key=_key(name), reverse=backwards)
        return rows

    rows = index.kept_list(f"{conditions!r} {order!r}", compute)
    return Page(rows[offset : offset + size], len(rows))


def _candidates(
    index: RowIndex, conditions: Sequence[Condition], lower: int, upper: int
) -> Iterator[InstanceRow]:
    """Few rows among which all are that meet the conditions, by an index if there is one."""
    ids = index.ids()
    found = _indexed(index, conditions)
    if found is None:
        return (index[one] for one in ids[lower:upper])
    if lower == upper:
        return iter(())
    return (index[one] for one in sorted(found) if ids[lower] <= one <= ids[upper - 1])


def _indexed(index: RowIndex, conditions: Sequence[Condition]) -> set[str] | None:
    """The IDs an index gives for the first condition it can help with; None if there is none."""
    for condition in conditions:
        if condition.operator != "":
            continue
        values = _values(condition.value)
        if condition.name == "ID" and not any(_WILD.search(php.text(value)) for value in values):
            return {one for one in (php.text(value).lower() for value in values) if one in index}
        if condition.name in {"TEMPLATE_ID", "STARTED_BY"}:
            return set[str]().union(*(index.of_group(condition.name, php.integer(one)) for one in values))
    return None


def _values(value: Value) -> list[Value]:
    return [one for _, one in php.items(value)] if php.is_array(value) else [value]


def _id(entry: str | tuple[datetime, str]) -> str:
    return entry if isinstance(entry, str) else entry[1]


def _slice(
    ordered: Sequence[str] | Sequence[tuple[datetime, str]], offset: int, size: int, descending: bool
) -> Iterator[str | tuple[datetime, str]]:
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
        wanted = condition.fold(value).lower()
        if condition.operator in {">", ">=", "="}:
            cut = bisect_right if condition.operator == ">" else bisect_left
            lower = max(lower, cut(ids, wanted))
        if condition.operator in {"<", "<=", "="}:
            cut = bisect_left if condition.operator == "<" else bisect_right
            upper = min(upper, cut(ids, wanted))
    return lower, max(lower, upper), rest
