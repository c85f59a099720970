"""Template tags of every page: moments, ages and counts as people read them, in their zone and language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

register = template.Library()

_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3600
_DAY_SECONDS = 24 * 3600
_MONTH_SECONDS = 30.44 * _DAY_SECONDS
_YEAR_SECONDS = 365.25 * _DAY_SECONDS


def _in_zone(value: datetime) -> datetime:
    aware = value if timezone.is_aware(value) else value.replace(tzinfo=UTC)
    return timezone.localtime(aware)


def _short(local: datetime) -> str:
    # Translators: Django's format codes for a short date with time; "12 Jan 2025, 14:02".
    text = formats.date_format(local, gettext("j M Y, H:i"), use_l10n=False)
    # In a narrow column it breaks between date and time, and nowhere else.
    return text.replace(" ", "\N{NO-BREAK SPACE}").replace(",\N{NO-BREAK SPACE}", ", ")


def _full(local: datetime) -> str:
    zone = local.tzname() or "UTC"
    # Translators: Django's date format codes for a full date with seconds; the zone follows.
    return f"{formats.date_format(local, gettext('l, j F Y, H:i:s'), use_l10n=False)} {zone}"


@register.filter
def moment(value: datetime | None) -> str:
    """Show a moment in the person's zone; the full one with its zone is the title. Empty for None."""
    if value is None:
        return ""
    local = _in_zone(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), _full(local), _short(local)
    )


@register.filter
def clock(value: datetime | None) -> str:
    """Show a moment of today by its time alone, in the person's zone; another day's in full length."""
    if value is None:
        return ""
    local = _in_zone(value)
    if local.date() != timezone.localdate():
        return moment(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), _full(local), f"{local:%H:%M:%S}"
    )


def age_text(value: datetime, now: datetime) -> str:
    """Return how long ago something was, in its largest whole unit."""
    seconds = max(0.0, (now - value).total_seconds())
    units: list[tuple[float, Callable[[int], str]]] = [
        (_YEAR_SECONDS, lambda n: ngettext("%(n)d year ago", "%(n)d years ago", n)),
        (_MONTH_SECONDS, lambda n: ngettext("%(n)d month ago", "%(n)d months ago", n)),
        (_DAY_SECONDS, lambda n: ngettext("%(n)d day ago", "%(n)d days ago", n)),
        (_HOUR_SECONDS, lambda n: ngettext("%(n)d hour ago", "%(n)d hours ago", n)),
        (_MINUTE_SECONDS, lambda n: ngettext("%(n)d minute ago", "%(n)d minutes ago", n)),
    ]
    for length_seconds, sentence in units:
        count = int(seconds // length_seconds)
        if count:
            return sentence(count) % {"n": count}
    return gettext("just now")


@register.filter
def age(value: datetime | None) -> str:
    """Show how long ago something was; the full moment is the title. Empty for None."""
    if value is None:
        return ""
    local = _in_zone(value)
    text = age_text(local, timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), _full(local), text)


@register.filter
def grouped(value: int | None) -> str:
    """Show a count with its thousands apart: 1,284. Empty for None."""
    if value is None:
        return ""
    return formats.number_format(value, decimal_pos=0, use_l10n=True, force_grouping=True)
