"""Jobs that waited for a person go on when somebody has opened the application again, or when nobody has to
because a pair that was refused works after all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from bxapp.portals.models import AccessGrant, Portal
from bxapp.terminations import waking
from bxapp.terminations.engine import blocking
from bxapp.terminations.jobs import recording, rights

if TYPE_CHECKING:
    from collections.abc import Collection

    from bxapp.terminations.models import Job


def grant_saved(instance: AccessGrant, update_fields: Collection[str] | None = None, **_signal: Any) -> None:
    """Let the jobs go on that waited for a confirmed user, after the commit that stored the new pair."""
    if update_fields is not None and "confirmed_at" not in update_fields:
        # Stored for another reason than that somebody came.
        return
    if instance.state == AccessGrant.State.ACTIVE and instance.is_admin:
        transaction.on_commit(lambda: _resume_and_wake(instance))


def pair_revived(grant: AccessGrant, **_signal: Any) -> None:
    """Let the jobs go on that waited for a person because a pair was refused, which is renewed by now."""
    if grant.is_admin:
        _resume_and_wake(grant)


def resume_if_renewed(job: Job, pair_number: int) -> None:
    """Let a job go on that has just been blocked for its pair ``pair_number``, if there is a newer one.

    Whoever stored that one looked for waiting jobs before this one was among them. A webhook has no pairs.
    """
    newer = AccessGrant.objects.filter(
        pk=job.grant_id,
        portal__kind=Portal.Kind.APPLICATION,
        state=AccessGrant.State.ACTIVE,
        is_admin=True,
        pair_number__gt=pair_number,
    )
    for grant in newer:
        resume_with(grant)


def resume_with(grant: AccessGrant) -> bool:
    """Let the jobs go on that may with a grant whose pair was stored just now; return whether any do.

    No moments are compared: a job was blocked by the clock of a worker, and a person is confirmed by that of
    another machine. A job that is resumed in vain is soon blocked again.
    """
    is_any = False
    for job in rights.concerned_by(grant):
        with transaction.atomic():
            locked = recording.lock(job)
            if not locked.is_open:
                continue
            if locked.refused_grants.pop(str(grant.pk), None) is not None:
                locked.save(update_fields=["refused_grants"])
            is_owners = grant.user_id == locked.created_by_id
            may_use_it = locked.grant_id == grant.pk or is_owners or locked.may_use_other_grants
            if may_use_it and locked.blocked_reason in rights.WAITS_FOR_PERSON:
                _go_on(locked, grant)
                is_any = True
    return is_any


def resume_granted() -> set[int]:
    """Let jobs go on for which somebody was confirmed after they were blocked; return their portals' keys.

    Finds what :func:`resume_with` has missed, because its process ended.
    """
    resumed = set()
    for job in rights.waiting_for_rights():
        with transaction.atomic():
            locked = recording.lock(job)
            if not locked.is_open or locked.blocked_reason not in rights.WAITS_FOR_PERSON:
                continue
            grant = rights.restored(locked)
            if grant is None:
                continue
            _go_on(locked, grant)
            resumed.add(locked.portal_id)
    return resumed


def _go_on(locked: Job, grant: AccessGrant) -> None:
    if grant.pk == locked.grant_id:
        blocking.go_on(locked)
    else:
        rights.hand_over(locked, grant)


def _resume_and_wake(grant: AccessGrant) -> None:
    if resume_with(grant):
        waking.wake(grant.portal_id)
