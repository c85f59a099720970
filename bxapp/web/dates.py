"""How each language writes a moment: in the order that Bitrix24 uses in that language.

No translated texts: a format is a rule of the language, and one wrong letter in it would show nonsense. Names
of days and months are Django's, which also has the genitive of Russian and Polish ("E").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils import formats, timezone, translation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class _Style:
    """Django's format codes: a day for tables and messages, and one in full."""

    day: str
    full_day: str
    # Between a day and a time.
    glue: str = ", "


_UNBROKEN = "\N{NO-BREAK SPACE}"
_ENGLISH = _Style("j M Y", "l, j F Y")
_STYLES: Mapping[str, _Style] = {
    "en": _ENGLISH,
    "ru": _Style("d.m.Y", "l, j E Y"),
    "de": _Style("d.m.Y", "l, j. F Y"),
    "es": _Style("d/m/Y", r"l, j \d\e F \d\e Y"),
    "pt-br": _Style("d/m/Y", r"l, j \d\e F \d\e Y"),
    "fr": _Style("d/m/Y", "l j F Y", glue=" "),
    "pl": _Style("d.m.Y", "l, j E Y"),
}


def in_zone(value: datetime) -> datetime:
    """Return a moment in the active time zone; one that names no zone is UTC, as everything inside is."""
    aware = value if timezone.is_aware(value) else value.replace(tzinfo=UTC)
    return aware.astimezone(timezone.get_current_timezone())


def day(value: datetime) -> str:
    """Return the day of a moment: "12 Jan 2025", "12.01.2025"."""
    return _day(in_zone(value).date(), _language())


def short(value: datetime) -> str:
    """Return day and time; in a narrow column it breaks between the two, and nowhere else."""
    return written(value).short


def full(value: datetime) -> str:
    """Return a moment with its day of the week, seconds and zone."""
    return written(value).full


@dataclass(frozen=True, slots=True)
class Written:
    """A moment in the active time zone and language: for machines, in full, and for a narrow column."""

    iso: str
    full: str
    short: str


def written(value: datetime) -> Written:
    """Return a moment in all its forms, of which a table shows two."""
    local, language = in_zone(value), _language()
    day_alone, clock, glue = local.date(), f"{local:%H:%M:%S}", _style(language).glue
    return Written(
        local.isoformat(),
        f"{_full_day(day_alone, language)}{glue}{clock} {local.tzname() or 'UTC'}",
        f"{_day(day_alone, language).replace(' ', _UNBROKEN)}{glue}{clock[:5]}",
    )


# A list shows a hundred moments of few days, and Django takes its time over each: both are remembered.
@lru_cache(maxsize=4096)
def _day(local: date, language: str) -> str:
    return formats.date_format(local, _style(language).day, use_l10n=False)


@lru_cache(maxsize=4096)
def _full_day(local: date, language: str) -> str:
    style = _style(language)
    written = formats.date_format(local, style.full_day, use_l10n=False)
    # Some of Django's names are in capitals, which no language here but English and German wants in a date.
    if style is not _ENGLISH and language != "de":
        written = written.lower()
    return f"{written[:1].upper()}{written[1:]}"


def _style(language: str) -> _Style:
    return _STYLES.get(language, _ENGLISH)


def _language() -> str:
    return translation.get_language() or "en"
