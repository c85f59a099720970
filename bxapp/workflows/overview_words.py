"""How the figures of the overview are said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

from bxapp.web import dates
from bxapp.web.templatetags.display import grouped

if TYPE_CHECKING:
    from datetime import datetime

UNTOLD = "–"

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MONTH = timedelta(days=30.44)
_YEAR = timedelta(days=365.25)


def exactly(count: int) -> str:
    return grouped(count)


def about(count: int) -> str:
    return _("about %(count)s") % {"count": grouped(count)}


def at_least(count: int) -> str:
    return _("at least %(count)s") % {"count": grouped(count)}


def running(count: int) -> str:
    """Return what stands under the number of all: "1,284 running"."""
    return npgettext("under the number of workflows", "running", "running", count)


def hung(count: int) -> str:
    return npgettext("under the number of workflows", "hung", "hung", count)


def rules(count: int) -> str:
    return ngettext("automation rule", "automation rules", count)


def age(age: timedelta) -> str:
    """Return an age in its largest whole unit: "3 years"."""
    if age >= _YEAR:
        text = ngettext("%(n)d year", "%(n)d years", count := age // _YEAR)
    elif age >= _MONTH:
        text = ngettext("%(n)d month", "%(n)d months", count := age // _MONTH)
    elif age >= _DAY:
        text = ngettext("%(n)d day", "%(n)d days", count := age // _DAY)
    elif age >= _HOUR:
        text = ngettext("%(n)d hour", "%(n)d hours", count := age // _HOUR)
    else:
        text = ngettext("%(n)d minute", "%(n)d minutes", count := age // _MINUTE)
    return text % {"n": count}


def least_of_age(age: timedelta) -> timedelta | None:
    """Return the youngest age that is said alike, as an address can hold it; None for less than an hour."""
    if age >= _YEAR:
        # A year of an address has 365 days, and one of the calendar a little more: nothing is left out.
        return min(age // _YEAR, 100) * timedelta(days=365)
    if age >= _MONTH:
        return age // _MONTH * _MONTH // _DAY * _DAY
    unit = _DAY if age >= _DAY else _HOUR
    return age // unit * unit or None


def since(moment: datetime, now: datetime) -> str:
    """Return "Since yesterday at 14:02", in the person's zone: said once before what has grown since then."""
    local, today = dates.in_zone(moment), dates.in_zone(now).date()
    if local.date() == today:
        return _("Since %(time)s today") % {"time": f"{local:%H:%M}"}
    if local.date() == today - _DAY:
        return _("Since yesterday at %(time)s") % {"time": f"{local:%H:%M}"}
    return _("Since %(day)s") % {"day": dates.day(moment)}


def more(count: int) -> str:
    return f"+{grouped(count)}"


def template(name: str, template_id: int) -> str:
    """Return what a template is called; the portal tells no name of those that stand for automation rules."""
    return name or _("Automation rule no. %(id)s") % {"id": template_id}
