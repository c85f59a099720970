"""The sweep: finds what is due and wakes whoever should work on it, whatever became of earlier messages."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from bxapp.terminations import waking
from bxapp.terminations.engine import claiming, resuming
from bxapp.terminations.jobs import turns
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import ItemState, JobState

# A message that no worker takes must not pile up with those of later sweeps. Long beside the minute by which
# the clocks of two machines may differ: whoever takes it drops it by a clock of its own.
_WAKE_UP_LIVES_SECONDS = 300.0


def sweep() -> list[int]:
    """Wake a run for each portal that has something due and nobody at work; return their keys."""
    resuming.resume_granted()
    afterwards = Q(ghosts_due_at__isnull=False) | Q(notice_due_at__isnull=False)
    waiting = Job.objects.filter(~Q(state=JobState.FINISHED) | afterwards)
    portals = waiting.order_by("portal_id").values_list("portal_id", flat=True).distinct()
    woken = [portal_id for portal_id in portals if is_unattended(portal_id)]
    for portal_id in woken:
        waking.wake(portal_id, expires_seconds=_WAKE_UP_LIVES_SECONDS)
    return woken


def is_unattended(portal_id: int) -> bool:
    """Say whether a portal has something due, or calls whose run is over, and nobody at work."""
    if turns.held_until(portal_id) is not None:
        return False
    now = timezone.now()
    moment = claiming.next_moment(portal_id, now)
    if moment is not None and moment <= now:
        return True
    # A call whose run has ended without recording it.
    return Item.objects.filter(portal_id=portal_id, state=ItemState.SENT).exists()
