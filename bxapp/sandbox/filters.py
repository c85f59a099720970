"""Filters, selects and orders of the ``bizproc`` lists (``bizproc/lib/restservice.php``).

A filter key is an operator of non-letters, then a field. Published servers know a few operators and
upper case only and drop every other key in silence; comparison is then SQL's
(``main/classes/general/sqlwhere.php``; for tasks ``CBPHelper::prepareSql``).
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bxapp.sandbox import dates, php
from bxapp.sandbox.failures import RestError
from bxapp.sandbox.settings import FilterDialect

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bxapp.sandbox.php import Value
    from bxapp.sandbox.settings import PortalSettings

Row = TypeVar("Row")

_KEY = re.compile(r"([^a-zA-Z]*)(.*)")
_WILD = re.compile(r"[%_\\]")
_PUBLISHED = ("", "!", "<", "<=", ">", ">=")
_DOCUMENTED = (*_PUBLISHED, "=", "!=")
_ORDERING: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """How a column is compared and read. ``value`` gives a text, an int, a datetime, or None."""

    kind: Kind
    value: Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter key that the server understood. Dates are moments already (None: unreadable).

    ``pads``: where texts are compared, blanks at their end count for nothing.
    """

    operator: str
    name: str
    value: Any
    pads: bool = False

    def fold(self, text: str | None) -> str:
        """``text`` as the database compares it: whatever its case, and its last blanks."""
        folded = (text or "").upper()
        return folded.rstrip(" ") if self.pads else folded


def read_filter(
    rules: Value, columns: Mapping[str, Column[Row]], settings: PortalSettings
) -> list[Condition]:
    """The conditions a server of this dialect sees; other keys are ignored, so the list is wider."""
    documented = settings.filter_dialect is FilterDialect.DOCUMENTED
    known = _DOCUMENTED if documented else _PUBLISHED
    found: dict[tuple[str, str], Condition] = {}
    for key, value in php.items(rules):
        match = _KEY.match(key)
        sign, name = match.groups() if match else ("", "")
        if documented:
            name = name.upper()
        if sign not in known or name not in columns:
            continue
        content = _moments(name, value, settings) if columns[name].kind is Kind.DATE else value
        found[sign, name] = Condition(sign, name, content, settings.pad_space)
    return list(found.values())


def read_select(rules: Value, names: Collection[str], default: list[str]) -> list[str]:
    """Field names in any case; unknown ones are dropped. Raises :class:`RestError` for nested values."""
    chosen: dict[str, None] = {}
    for _, field in php.items(rules):
        if php.is_array(field) or field is None:
            raise RestError("Invalid data in SELECT parameter", "ERROR_SELECT_VALIDATION_FAILURE")
        name = php.text(field).upper()
        if name in names:
            chosen[name] = None
    return list(chosen) or default


def read_order(
    rules: Value, names: Collection[str], default: list[tuple[str, bool]]
) -> list[tuple[str, bool]]:
    """Pairs of field and "descending"."""
    chosen = {
        field.upper(): php.text(direction).upper() == "DESC"
        for field, direction in php.items(rules)
        if field.upper() in names
    }
    return list(chosen.items()) or default


def predicate_of(
    condition: Condition, column: Column[Row], *, exact_texts: bool = False
) -> Callable[[Row], bool]:
    """The condition as a test of a row. ``exact_texts``: a bare text is compared, not ``LIKE``."""
    value = column.value
    wanted = condition.value
    if condition.operator in _ORDERING:
        compare = _ORDERING[condition.operator]
        bound = _bound(column.kind, condition)
        if bound is None:
            return lambda row: False
        if column.kind is Kind.TEXT:
            return lambda row: compare(condition.fold(value(row)), bound)
        return lambda row: (found := value(row)) is not None and compare(found, bound)
    match column.kind:
        case Kind.TEXT:
            meets = _text_test(condition, exact=exact_texts or condition.operator in {"=", "!="})
        case Kind.NUMBER:
            meets = _number_test(wanted)
        case Kind.DATE:
            meets = _date_test(wanted)
    if not condition.operator.startswith("!"):
        return lambda row: meets(value(row))
    if column.kind is Kind.DATE and wanted is not None:
        return lambda row: (found := value(row)) is not None and not meets(found)
    return lambda row: not meets(value(row))


def _text_test(condition: Condition, *, exact: bool) -> Callable[[Any], bool]:
    wanted = condition.value
    several = [php.text(one) for _, one in php.items(wanted)] if php.is_array(wanted) else [php.text(wanted)]
    if exact or all(one.isdigit() or not one for one in several):
        equal = frozenset(condition.fold(one) for one in several)
        return lambda found: condition.fold(found) in equal
    # Making a pattern of each of a thousand IDs costs more than all else that a look at them asks for.
    plain = frozenset(one.lower() for one in several if not _WILD.search(one))
    patterns = [like(one) for one in several if _WILD.search(one)]

    def meets(found: str | None) -> bool:
        text = found or ""
        return text.lower() in plain or any(pattern.fullmatch(text) for pattern in patterns)

    return meets


def _number_test(wanted: Value) -> Callable[[Any], bool]:
    several = (
        [php.integer(one) for _, one in php.items(wanted)] if php.is_array(wanted) else [php.integer(wanted)]
    )
    numbers = frozenset(several)
    return lambda found: (found or 0) in numbers


def _date_test(wanted: Any) -> Callable[[Any], bool]:
    if isinstance(wanted, list):
        moments = frozenset(wanted) - {None}
        return lambda found: found in moments
    return lambda found: found == wanted


def _bound(kind: Kind, condition: Condition) -> Any:
    """What an ordering operator compares with; of a list the first. None: it can never hold."""
    wanted = condition.value
    if kind is Kind.DATE:
        return (wanted[0] if wanted else None) if isinstance(wanted, list) else wanted
    if php.is_array(wanted):
        wanted = dict(php.items(wanted)).get("0")
        if wanted is None:
            return None
    return php.integer(wanted) if kind is Kind.NUMBER else condition.fold(php.text(wanted))


@lru_cache(maxsize=256)
def like(pattern: str) -> re.Pattern[str]:
    """SQL ``LIKE`` whatever the case: ``%`` and ``_`` are wildcards, a backslash escapes."""
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        if sign == "\\" and position + 1 < len(pattern):
            position += 1
            parts.append(re.escape(pattern[position]))
        else:
            parts.append({"%": ".*", "_": "."}.get(sign) or re.escape(sign))
        position += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _moments(name: str, value: Value, settings: PortalSettings) -> datetime | list[datetime | None] | None:
    if php.is_array(value):
        return [_moment(name, php.text(one), settings) for _, one in php.items(value)]
    return _moment(name, php.text(value), settings)


def _moment(name: str, text: str, settings: PortalSettings) -> datetime | None:
    heed = settings.converts_started or not name.endswith("STARTED")
    found = dates.read(text, settings.server_zone_minutes, heed_offset=heed)
    return None if found is None else found + timedelta(minutes=settings.date_filter_shift_minutes)
