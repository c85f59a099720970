"""Jobs that waited for a person go on when that person has opened the application again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F

from bxapp.portals.models import AccessGrant
from bxapp.terminations import blocking, recording, waking
from bxapp.terminations.claiming import WAITS_FOR_PERSON
from bxapp.terminations.models import Job
from bxapp.terminations.states import JobState


def grant_saved(instance: AccessGrant, **_signal: Any) -> None:
    """Let the jobs of a confirmed user go on, after the commit that stored the new pair."""
    if instance.state == AccessGrant.State.ACTIVE and instance.is_admin:
        transaction.on_commit(lambda: _resume_and_wake(instance.pk))


def resume_granted(grant_id: int | None = None) -> set[int]:
    """Let jobs go on whose user was confirmed after they were blocked; return the keys of their portals.

    ``grant_id`` narrows it to one user; without it, whatever an earlier call has missed is found.
    """
    blocked = Job.objects.filter(
        blocked_reason__in=WAITS_FOR_PERSON,
        grant__state=AccessGrant.State.ACTIVE,
        grant__is_admin=True,
        grant__confirmed_at__gt=F("blocked_at"),
    ).exclude(state=JobState.FINISHED)
    if grant_id is not None:
        blocked = blocked.filter(grant_id=grant_id)
    resumed = set()
    for job in blocked:
        with transaction.atomic():
            locked = recording.lock(job)
            if locked.is_open and locked.blocked_reason in WAITS_FOR_PERSON:
                blocking.go_on(locked)
                resumed.add(locked.portal_id)
    return resumed


def _resume_and_wake(grant_id: int) -> None:
    for portal_id in resume_granted(grant_id):
        waking.wake(portal_id)
