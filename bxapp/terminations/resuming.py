"""Jobs that waited for a person go on when somebody has opened the application again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from bxapp.portals.models import AccessGrant
from bxapp.terminations import blocking, recording, rights, waking


def grant_saved(instance: AccessGrant, **_signal: Any) -> None:
    """Let the jobs go on that waited for a confirmed user, after the commit that stored the new pair."""
    if instance.state == AccessGrant.State.ACTIVE and instance.is_admin:
        transaction.on_commit(lambda: _resume_and_wake(instance.portal_id))


def resume_granted(portal_id: int | None = None) -> set[int]:
    """Let jobs go on for which somebody was confirmed after they were blocked; return their portals' keys.

    ``portal_id`` narrows it to one portal; without it, whatever an earlier call has missed is found.
    """
    waiting = rights.waiting_for_rights()
    if portal_id is not None:
        waiting = waiting.filter(portal=portal_id)
    resumed = set()
    for job in waiting:
        with transaction.atomic():
            locked = recording.lock(job)
            if not locked.is_open or locked.blocked_reason not in rights.WAITS_FOR_PERSON:
                continue
            grant = rights.restored(locked)
            if grant is None:
                continue
            if grant.pk == locked.grant_id:
                blocking.go_on(locked)
            else:
                rights.hand_over(locked, grant)
            resumed.add(locked.portal_id)
    return resumed


def _resume_and_wake(portal_id: int) -> None:
    for resumed in resume_granted(portal_id):
        waking.wake(resumed)
