"""Filters in addresses: a query string becomes a Filter and back.

``GET /workflows/?template=11&template=12&kind=deal&older=90d``. Several values of one name are alternatives,
several names hold together:

    template        a template's number                       repeatable
    kind            a name of ``kinds.KINDS``                  repeatable
    document        a document as the portal writes it         repeatable   DEAL_1633
    by              a user's number, 0 the system, dismissed   repeatable
    waits           a user's number, dismissed                 repeatable
    id              a workflow's ID                            repeatable, or several with commas or blanks
    state           running, hung, executing
    origin          rules, workflows
    started_from, started_before, changed_from, changed_before
                    a day in the person's time zone            2026-01-31   (before: that day is not meant)
    older, newer    an age of the start                        12h, 30d, 1y
    unchanged, changed
                    an age of the last change                  12h, 30d, 1y
    nothing         1: nothing is meant (a filter that could not be understood stays that)

Other names (``page``, ``sort``, ``direction``, what a portal adds) are not of the filter and do not change
it. A value that makes no sense becomes a sentence and never widens what is meant: where a name has no other
value, nothing is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bxapp.bitrix.methods.instances import is_usable_id
from bxapp.workflows.filters import Filter, Origin
from bxapp.workflows.kinds import KINDS, NAMES
from bxapp.workflows.rows import LARGEST_NUMBER
from bxapp.workflows.states import RowState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LIST_PATH = "/workflows/"
MOST_VALUES = 200
DISMISSED = "dismissed"
# The names of days and ages, with the fields of a Filter that they fill.
DAYS = {
    "started_from": "started_from",
    "started_before": "started_before",
    "changed_from": "modified_from",
    "changed_before": "modified_before",
}
AGES = {
    "older": "older_than",
    "newer": "newer_than",
    "unchanged": "unchanged_for",
    "changed": "changed_within",
}
NAMES_OF_FILTER = (
    *("template", "kind", "document", "by", "waits", "id", "state", "origin"),
    *DAYS,
    *AGES,
    "nothing",
)

_LONGEST_VALUE = 255
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
# Nothing that a database would take for a wildcard.
_ID = re.compile(r"[0-9A-Za-z.:-]{1,128}", re.ASCII)
_AGE = re.compile(r"([1-9][0-9]{0,3})([hdy])", re.ASCII)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "y": timedelta(days=365)}
_OLDEST = timedelta(days=100 * 365)
_EARLIEST_YEAR, _LATEST_YEAR = 1971, 9998


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a query means, and a sentence for each of its values that makes no sense."""

    filter: Filter
    problems: tuple[str, ...] = ()


def parse(query: QueryDict | str) -> Parsed:
    """Return the filter of a query. Days are those of the active time zone. Raises nothing."""
    given = QueryDict(query) if isinstance(query, str) else query
    reading = _Reading(given)
    by = reading.several("by", _user)
    waits = reading.several("waits", _waited_for)
    fields: dict[str, Any] = {
        "templates": reading.several("template", _number),
        "kinds": reading.several("kind", lambda text: KINDS[text]),
        "documents": reading.several("document", _document),
        "started_by": frozenset(by - {DISMISSED}),
        "started_by_dismissed": DISMISSED in by,
        "waits_for": frozenset(waits - {DISMISSED}),
        "waits_for_dismissed": DISMISSED in waits,
        "ids": reading.several("id", _workflow_id, separated=True),
        "state": reading.one("state", RowState),
        "origin": reading.one("origin", Origin),
    }
    fields |= {field: reading.one(name, _day) for name, field in DAYS.items()}
    fields |= {field: reading.one(name, _age) for name, field in AGES.items()}
    is_impossible = reading.is_lost or any(given.getlist("nothing"))
    return Parsed(Filter(**fields, is_impossible=is_impossible), tuple(reading.problems))


def pairs(meant: Filter) -> list[tuple[str, str]]:
    """Return the names and values that say this filter, always in the same order.

    Moments become days of the active time zone: only moments at the beginning of a day come back exactly.
    Raises KeyError for a kind that has no name.
    """
    found = [("template", str(number)) for number in sorted(meant.templates)]
    found += [("kind", name) for name in sorted(NAMES[kind] for kind in meant.kinds)]
    found += [("document", text) for text in sorted(meant.documents)]
    found += [("by", str(number)) for number in sorted(meant.started_by)]
    found += [("by", DISMISSED)] * meant.started_by_dismissed
    found += [("waits", str(number)) for number in sorted(meant.waits_for)]
    found += [("waits", DISMISSED)] * meant.waits_for_dismissed
    found += [("id", text) for text in sorted(meant.ids)]
    found += [("state", str(meant.state))] if meant.state else []
    found += [("origin", str(meant.origin))] if meant.origin else []
    for name, field in DAYS.items():
        if (moment := getattr(meant, field)) is not None:
            found.append((name, timezone.localtime(moment).date().isoformat()))
    for name, field in AGES.items():
        if (age := getattr(meant, field)) is not None:
            found.append((name, age_text(age)))
    found += [("nothing", "1")] if meant.is_impossible else []
    return found


def address(meant: Filter, more: Mapping[str, str] | None = None, *, path: str = LIST_PATH) -> str:
    """Return the address of the list with this filter; ``more`` are an order or a page."""
    query = urlencode([*pairs(meant), *(more or {}).items()])
    return f"{path}?{query}" if query else path


def only_filter(query: QueryDict) -> str:
    """Return the part of a query that is a filter, understood or not: to be carried on as it came."""
    return urlencode([(name, value) for name in NAMES_OF_FILTER for value in query.getlist(name)])


def age_text(age: timedelta) -> str:
    """Return an age as an address holds it: ``1y``, ``90d``, ``12h``."""
    for unit in ("y", "d"):
        if not age % _UNITS[unit]:
            return f"{age // _UNITS[unit]}{unit}"
    return f"{age // _UNITS['h']}h"


class _Reading:
    """One query while it is read: its problems, and whether a part of what was meant is lost."""

    def __init__(self, query: QueryDict) -> None:
        self._query = query
        self.problems: list[str] = []
        self.is_lost = False

    def several(self, name: str, read: Callable[[str], Any], *, separated: bool = False) -> frozenset[Any]:
        texts = self._texts(name)
        if separated:
            texts = [part for text in texts for part in re.split(r"[\s,;]+", text) if part]
        texts = list(dict.fromkeys(texts))
        if len(texts) > MOST_VALUES:
            self.problems.append(
                ngettext(
                    "A filter holds at most %(most)d value of “%(name)s”; the others were left out.",
                    "A filter holds at most %(most)d values of “%(name)s”; the others were left out.",
                    MOST_VALUES,
                )
                % {"most": MOST_VALUES, "name": name}
            )
        found = frozenset(self._understood(name, texts[:MOST_VALUES], read))
        self.is_lost |= bool(texts) and not found
        return found

    def one(self, name: str, read: Callable[[str], Any]) -> Any:
        texts = list(dict.fromkeys(self._texts(name)))
        found = self._understood(name, texts, read)
        if len(texts) > 1:
            self.problems.append(
                _("“%(name)s” can have one value only, and it came with several.") % {"name": name}
            )
            self.is_lost = True
        self.is_lost |= bool(texts) and not found
        return found[0] if found else None

    def _texts(self, name: str) -> list[str]:
        """Return what was given; an empty value is what an empty field of a form sends."""
        return [text.strip() for text in self._query.getlist(name) if text.strip()]

    def _understood(self, name: str, texts: Iterable[str], read: Callable[[str], Any]) -> list[Any]:
        found = []
        for text in texts:
            try:
                if len(text) > _LONGEST_VALUE or not text.isprintable():
                    raise ValueError
                found.append(read(text))
            except (ValueError, KeyError, OverflowError):
                self.problems.append(
                    _("The filter “%(name)s” cannot be “%(value)s”.")
                    % {"name": name, "value": _shortened(text)}
                )
        return found


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST_NUMBER:
        raise ValueError
    return int(text)


def _user(text: str) -> int | str:
    return text if text == DISMISSED else _number(text)


def _waited_for(text: str) -> int | str:
    found = _user(text)
    if found == 0:
        raise ValueError
    return found


def _document(text: str) -> str:
    if any(character.isspace() for character in text):
        raise ValueError
    return text


def _workflow_id(text: str) -> str:
    if not _ID.fullmatch(text) or not is_usable_id(text):
        raise ValueError
    return text


def _day(text: str) -> datetime:
    found = date.fromisoformat(text)
    if not _EARLIEST_YEAR <= found.year <= _LATEST_YEAR:
        raise ValueError
    return datetime.combine(found, time.min, tzinfo=timezone.get_current_timezone())


def _age(text: str) -> timedelta:
    found = _AGE.fullmatch(text)
    if not found:
        raise ValueError
    age = int(found[1]) * _UNITS[found[2]]
    if age > _OLDEST:
        raise ValueError
    return age


def _shortened(text: str) -> str:
    plain = "".join(character if character.isprintable() else "�" for character in text)
    return plain if len(plain) <= 40 else plain[:39] + "…"
