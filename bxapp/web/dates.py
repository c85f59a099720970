"""How each language writes a moment: in the order that Bitrix24 uses in that language.

No translated texts: a format is a rule of the language, and one wrong letter in it would show nonsense. Names
of days and months are Django's, which also has the genitive of Russian and Polish ("E").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from django.utils import formats, timezone, translation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class _Style:
    """Django's format codes: a day for tables and messages, and one in full."""

    day: str
    full_day: str
    # Between a day and a time.
    glue: str = ", "


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
    return timezone.localtime(aware)


def day(value: datetime) -> str:
    """Return the day of a moment: "12 Jan 2025", "12.01.2025"."""
    return _format(in_zone(value), _style().day)


def short(value: datetime) -> str:
    """Return day and time; in a narrow column it breaks between the two, and nowhere else."""
    local, style = in_zone(value), _style()
    written = _format(local, style.day).replace(" ", "\N{NO-BREAK SPACE}")
    return f"{written}{style.glue}{local:%H:%M}"


def full(value: datetime) -> str:
    """Return a moment with its day of the week, seconds and zone."""
    local, style = in_zone(value), _style()
    # Some of Django's names are in capitals, which no language here but English and German wants in a date.
    written = _format(local, style.full_day)
    if style is not _ENGLISH and _language() != "de":
        written = written.lower()
    return f"{written[:1].upper()}{written[1:]}{style.glue}{local:%H:%M:%S} {local.tzname() or 'UTC'}"


def _style() -> _Style:
    return _STYLES.get(_language(), _ENGLISH)


def _language() -> str:
    return translation.get_language() or "en"


def _format(local: datetime, codes: str) -> str:
    return formats.date_format(local, codes, use_l10n=False)
