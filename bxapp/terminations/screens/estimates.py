"""How long a job will take that is not confirmed yet: the engine's bound, from what is known of the portal.

Three things bound it: how long a call takes there and how many requests the portal bears at once (learned
from jobs before), how many requests its limit lets through, and its budget of execution time. The longest of
the three is told. Other jobs of the portal share all of it, so what they have left counts too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.db.models import F, Sum
from django.utils.translation import gettext

from bxapp.bitrix.client import LONGEST_BATCH
from bxapp.bitrix.limits.bucket import RESERVE
from bxapp.portals.limits import bucket_of
from bxapp.terminations.jobs import durations
from bxapp.terminations.models import Job, Pace
from bxapp.terminations.pace.bounds import Bound
from bxapp.terminations.pace.portal_memory import PortalMemory
from bxapp.terminations.states import JobState

if TYPE_CHECKING:
    from bxapp.portals.models import Portal

# A look before, up to so many with one request, and the look for ghosts afterwards.
_LOOKED_AT_ONCE = 2_500
_LEAST_SECONDS = 1.0
_FEW_SECONDS = 10
_MINUTE_SECONDS = 60


def seconds(portal: Portal, count: int) -> float | None:
    """Return about how many seconds ``count`` workflows will take; None on a portal not known yet."""
    stored = Pace.objects.filter(portal=portal).values_list("memory", flat=True).first()
    memory = PortalMemory.from_json(stored)
    if memory.seconds_per_command is None:
        return None
    ahead = _ahead(portal)
    total = count + ahead
    work = total * memory.seconds_per_command / (memory.bears or memory.width or 1)
    budget = Bound(portal).seconds(total)
    return max(_LEAST_SECONDS, work, _by_requests(portal, total), budget)


def sentence(portal: Portal, count: int) -> str:
    """Return "about 40 s", "about 12 min", or that it is not known yet."""
    told = seconds(portal, count)
    if told is None:
        return gettext("not known yet: this portal has had no job so far")
    if told < _FEW_SECONDS:
        return gettext("a few seconds")
    return gettext("about %(duration)s") % {"duration": durations.taken(_rounded(told))}


def _ahead(portal: Portal) -> int:
    """Return how many workflows the open jobs of the portal have left, paused ones aside."""
    opened = Job.objects.filter(portal=portal).exclude(state__in=[JobState.FINISHED, JobState.PAUSED])
    ended = F("terminated") + F("already_finished") + F("failed") + F("cancelled")
    return opened.aggregate(left=Sum(F("total") - ended))["left"] or 0


def _by_requests(portal: Portal, count: int) -> float:
    rate = bucket_of(portal).rate
    if rate is None:
        return 0.0
    requests = math.ceil(count / LONGEST_BATCH) + math.ceil(count / _LOOKED_AT_ONCE) + 1
    return max(0, requests - (rate.capacity - RESERVE)) / rate.drain_per_second


def _rounded(value: float) -> int:
    """Round upwards as people say it: to 10 seconds, from two minutes on to minutes, from an hour to 5."""
    step = 10
    if value >= 2 * _MINUTE_SECONDS:
        step = _MINUTE_SECONDS
    if value >= 60 * _MINUTE_SECONDS:
        step = 5 * _MINUTE_SECONDS
    return math.ceil(value / step) * step
