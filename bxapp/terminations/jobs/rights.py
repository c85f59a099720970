"""Whose rights a job uses: those of the person who confirmed it, or by leave another administrator's.

The leave is given in the dialog and is off unless given. A grant that the portal refused for a job is not
tried for it again until its person has opened the application once more.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.portals.models import AccessGrant
from bxapp.terminations.models import Job
from bxapp.terminations.states import BlockedReason, JobState

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor

# Only a person can end these; a signal or the sweep notices when that has happened.
WAITS_FOR_PERSON = (BlockedReason.OPEN_AGAIN, BlockedReason.RIGHTS_LOST)
# Why a job goes on with somebody else's rights, in the audit log.
OTHER_RIGHTS = "other_rights"
CANCELLERS_RIGHTS = "cancellers_rights"


def whose(job: Job, used_by_id: int | None = None) -> dict[str, Any]:
    """Return the fields of an audit entry that say whose rights were used, where not those of the actor.

    ``used_by_id``: the user in whose name the call was made, if there was one; else the job's rights count.
    """
    if used_by_id is None or used_by_id == job.rights_of_id:
        used_by_id, name = job.rights_of_id, job.rights_of_name
    elif used_by_id != job.created_by_id:
        users = AccessGrant.objects.filter(portal=job.portal_id, user_id=used_by_id)
        name = users.values_list("user_name", flat=True).first() or ""
    if used_by_id is None or used_by_id == job.created_by_id:
        return {}
    return {"rights_of_id": used_by_id, "rights_of_name": name}


def substitute(job: Job) -> AccessGrant | None:
    """Return another grant with which a job may go on whose own was refused just now: by leave any
    administrator's, and always its owner's, where it has that of somebody who cancelled it.
    """
    refused = {int(key): datetime.fromisoformat(at) for key, at in job.refused_grants.items()}
    others = _active().filter(portal=job.portal_id).exclude(pk=job.grant_id).order_by("-confirmed_at")
    if not job.may_use_other_grants:
        others = others.filter(user_id=job.created_by_id)
    return next((one for one in others if one.pk not in refused or one.confirmed_at > refused[one.pk]), None)


def hand_over(
    locked: Job, grant: AccessGrant, portal_words: str = "", *, canceller: Actor | None = None
) -> None:
    """Let a locked open job go on with another grant, and tell so in the audit log; save it.

    ``canceller``: whose grant it is, where that person has cancelled the job.
    """
    now = timezone.now()
    locked.refused_grants[str(locked.grant_id)] = now.isoformat()
    locked.grant = grant
    is_owners = grant.user_id == locked.created_by_id
    locked.rights_of_id = None if is_owners else grant.user_id
    locked.rights_of_name = "" if is_owners else grant.user_name
    if locked.state == JobState.BLOCKED:
        locked.state = JobState.RUNNING
        locked.started_at = locked.started_at or now
    locked.blocked_reason = BlockedReason.NONE
    locked.portal_words = ""
    locked.failures_in_a_row = 0
    locked.blocked_at = locked.not_before = locked.silent_since = locked.calls_refused_since = None
    locked.save()
    entry = log.entry(
        locked.portal,
        AuditEntry.Kind.JOB_RESUMED,
        at=now,
        actor_id=canceller.user_id if canceller else locked.created_by_id,
        actor_name=canceller.name if canceller else locked.created_by_name,
        job_id=locked.pk,
        message=locked.message,
        reason="" if is_owners else CANCELLERS_RIGHTS if canceller else OTHER_RIGHTS,
        portal_words=portal_words,
        count=locked.total - locked.ended,
        # A canceller's are the actor's own.
        **({} if canceller else whose(locked)),
    )
    log.append([entry])


def concerned_by(grant: AccessGrant) -> QuerySet[Job]:
    """Return the open jobs to which it means something that a grant's person has just been confirmed."""
    may_use_it = Q(grant=grant) | Q(created_by_id=grant.user_id) | Q(may_use_other_grants=True)
    waiting = Q(blocked_reason__in=WAITS_FOR_PERSON) & may_use_it
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
        # Its own grant is another's than the owner's where that person cancelled it.
        confirmed = confirmed.filter(Q(pk=job.grant_id) | Q(user_id=job.created_by_id))
    found = list(confirmed.order_by("-confirmed_at"))
    return next((grant for grant in found if grant.user_id == job.created_by_id), found[0] if found else None)


def _active() -> QuerySet[AccessGrant]:
    return AccessGrant.objects.filter(state=AccessGrant.State.ACTIVE, is_admin=True)
