"""Template tags of every page: moments, ages and counts as people read them, in their zone and language."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, ngettext

from bxapp.web import dates

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

register = template.Library()

_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3600
_DAY_SECONDS = 24 * 3600
_MONTH_SECONDS = 30.44 * _DAY_SECONDS
_YEAR_SECONDS = 365.25 * _DAY_SECONDS
_UNITS: tuple[tuple[float, Callable[[int], str]], ...] = (
    (_YEAR_SECONDS, lambda n: ngettext("%(n)d year ago", "%(n)d years ago", n)),
    (_MONTH_SECONDS, lambda n: ngettext("%(n)d month ago", "%(n)d months ago", n)),
    (_DAY_SECONDS, lambda n: ngettext("%(n)d day ago", "%(n)d days ago", n)),
    (_HOUR_SECONDS, lambda n: ngettext("%(n)d hour ago", "%(n)d hours ago", n)),
    (_MINUTE_SECONDS, lambda n: ngettext("%(n)d minute ago", "%(n)d minutes ago", n)),
)


@register.filter
def moment(value: datetime | None) -> str:
    """Show a moment in the person's zone; the full one with its zone is the title. Empty for None."""
    if value is None:
        return ""
    written = dates.written(value)
    return _time(written, written.short)


@register.filter
def clock(value: datetime | None) -> str:
    """Show a moment of today by its time alone, in the person's zone; another day's in full length."""
    if value is None:
        return ""
    local = dates.in_zone(value)
    if local.date() != timezone.localdate():
        return moment(value)
    return _time(dates.written(value), f"{local:%H:%M:%S}")


def age_text(value: datetime, now: datetime) -> str:
    """Return how long ago something was, in its largest whole unit."""
    seconds = max(0.0, (now - value).total_seconds())
    for unit, (length_seconds, _sentence) in enumerate(_UNITS):
        if seconds >= length_seconds:
            return _age_sentence(unit, int(seconds // length_seconds), get_language() or "")
    return gettext("just now")


# The ages of a list are few. The language is named, because they are told in the one that is active.
@lru_cache(maxsize=2048)
def _age_sentence(unit: int, count: int, language: str) -> str:
    _length_seconds, sentence = _UNITS[unit]
    return sentence(count) % {"n": count}


@register.filter
def age(value: datetime | None) -> str:
    """Show how long ago something was; the full moment is the title. Empty for None."""
    if value is None:
        return ""
    return _time(dates.written(value), age_text(dates.in_zone(value), timezone.now()))


@register.filter
def grouped(value: int | None) -> str:
    """Show a count with its thousands apart: 1,284. Empty for None."""
    if value is None:
        return ""
    return formats.number_format(value, decimal_pos=0, use_l10n=True, force_grouping=True)


@register.simple_tag
def thousands_separator() -> str:
    """What stands between thousands, for scripts that write numbers into the same page."""
    return str(formats.get_format("THOUSAND_SEPARATOR"))


def _time(written: dates.Written, text: str) -> str:
    return format_html('<time datetime="{}" title="{}">{}</time>', written.iso, written.full, text)
