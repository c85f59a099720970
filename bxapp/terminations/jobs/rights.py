"""Whose rights a job uses: those of the person who confirmed it, or by leave another administrator's.

The leave is given in the dialog and is off unless given. A grant that the portal refused for a job is not
tried for it again until its person has opened the application once more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.portals.models import AccessGrant
from bxapp.terminations.models import Job
from bxapp.terminations.states import BlockedReason, JobState

# Only a person can end these; a signal or the sweep notices when that has happened.
WAITS_FOR_PERSON = (BlockedReason.OPEN_AGAIN, BlockedReason.RIGHTS_LOST)
# Why a job goes on with somebody else's rights, in the audit log.
OTHER_RIGHTS = "other_rights"


def whose(job: Job) -> dict[str, Any]:
    """Return the fields of an audit entry that say whose rights were used, where not those of the actor."""
    if job.rights_of_id is None:
        return {}
    return {"rights_of_id": job.rights_of_id, "rights_of_name": job.rights_of_name}


def substitute(job: Job) -> AccessGrant | None:
    """Return another administrator's grant with which a job may go on whose own was refused just now."""
    if not job.may_use_other_grants:
        return None
    refused = {int(key): datetime.fromisoformat(at) for key, at in job.refused_grants.items()}
    others = _active().filter(portal=job.portal_id).exclude(pk=job.grant_id).order_by("-confirmed_at")
    return next((one for one in others if one.pk not in refused or one.confirmed_at > refused[one.pk]), None)


def hand_over(locked: Job, grant: AccessGrant, portal_words: str = "") -> None:
    """Let a locked open job go on with another grant, and tell so in the audit log; save it."""
    now = timezone.now()
    locked.refused_grants[str(locked.grant_id)] = now.isoformat()
    locked.grant = grant
    is_owners = grant.user_id == locked.created_by_id
    locked.rights_of_id = None if is_owners else grant.user_id
    locked.rights_of_name = "" if is_owners else grant.user_name
    if locked.state == JobState.BLOCKED:
        locked.state = JobState.RUNNING
    locked.blocked_reason = BlockedReason.NONE
    locked.portal_words = ""
    locked.failures_in_a_row = 0
    locked.blocked_at = locked.not_before = locked.silent_since = None
    locked.save()
    entry = log.entry(
        locked.portal,
        AuditEntry.Kind.JOB_RESUMED,
        at=now,
        actor_id=locked.created_by_id,
        actor_name=locked.created_by_name,
        job_id=locked.pk,
        message=locked.message,
        reason=OTHER_RIGHTS if locked.rights_of_id is not None else "",
        portal_words=portal_words,
        count=locked.total - locked.ended,
        **whose(locked),
    )
    log.append([entry])


def concerned_by(grant: AccessGrant) -> QuerySet[Job]:
    """Return the open jobs to which it means something that a grant's person has just been confirmed."""
    waiting = Q(blocked_reason__in=WAITS_FOR_PERSON) & (Q(grant=grant) | Q(may_use_other_grants=True))
    refused = Q(refused_grants__has_key=str(grant.pk))
    return Job.objects.filter(waiting | refused, portal=grant.portal_id).exclude(state=JobState.FINISHED)


def waiting_for_rights() -> QuerySet[Job]:
    """Return the jobs that wait for a person, in whose portal somebody was confirmed since they do.

    By the clocks of two machines; for what :func:`concerned_by` was not asked about.
    """
    confirmed = _active().filter(portal=OuterRef("portal"), confirmed_at__gt=OuterRef("blocked_at"))
    waiting = Job.objects.filter(Exists(confirmed), blocked_reason__in=WAITS_FOR_PERSON)
    return waiting.exclude(state=JobState.FINISHED)


def restored(job: Job) -> AccessGrant | None:
    """Return the grant with which a waiting job may go on: its owner's first, or by leave another's."""
    confirmed = _active().filter(portal=job.portal_id, confirmed_at__gt=job.blocked_at)
    if not job.may_use_other_grants:
        confirmed = confirmed.filter(pk=job.grant_id)
    found = list(confirmed.order_by("-confirmed_at"))
    return next((grant for grant in found if grant.user_id == job.created_by_id), found[0] if found else None)


def _active() -> QuerySet[AccessGrant]:
    return AccessGrant.objects.filter(state=AccessGrant.State.ACTIVE, is_admin=True)
