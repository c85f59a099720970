"""How long something took or will take, in words: rounded as people say it."""

from __future__ import annotations

import math

from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext

_MINUTE = 60
_HOUR = 3600
# Below this many seconds nobody counts.
_FEW = 5


def taken(seconds: float) -> str:
    """Return "38 s", "4 min 10 s" or "2 h 5 min"; at least a second."""
    whole = max(1, round(seconds))
    if whole < _MINUTE:
        return pgettext("duration", "%(seconds)s s") % {"seconds": whole}
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        if not rest:
            return pgettext("duration", "%(minutes)s min") % {"minutes": minutes}
        return pgettext("duration", "%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    return _hours(round(whole / _MINUTE))


def left(seconds: float) -> str:
    """Return "about 20 s left", in steps that do not flicker: upwards to 5 s, to a minute, to 5 minutes."""
    if seconds < _FEW:
        return gettext("a few seconds left")
    if seconds <= _MINUTE - _FEW:
        about = pgettext("duration", "%(seconds)s s") % {"seconds": _up(seconds, 5)}
    elif seconds <= _HOUR - _MINUTE:
        about = pgettext("duration", "%(minutes)s min") % {"minutes": _up(seconds / _MINUTE, 1)}
    else:
        about = _hours(_up(seconds / _MINUTE, 5))
    return gettext("about %(duration)s left") % {"duration": about}


def rate(per_second: float) -> str:
    """Return "41 per second", or "12 per minute" where it is slower than one a second."""
    if per_second >= 1:
        number = number_format(round(per_second), decimal_pos=0, use_l10n=True, force_grouping=True)
        return gettext("%(number)s per second") % {"number": number}
    return gettext("%(number)s per minute") % {"number": max(1, round(per_second * _MINUTE))}


def _hours(whole_minutes: int) -> str:
    hours, minutes = divmod(whole_minutes, 60)
    if not minutes:
        return pgettext("duration", "%(hours)s h") % {"hours": hours}
    return pgettext("duration", "%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}


def _up(value: float, step: int) -> int:
    return math.ceil(value / step) * step
