"""Pausing a job and letting it go on: what is under way ends and is recorded, nothing new is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.terminations import waking
from bxapp.terminations.jobs.rights import WAITS_FOR_PERSON
from bxapp.terminations.models import Job
from bxapp.terminations.states import BlockedReason, JobState

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor

PAUSABLE = (JobState.QUEUED, JobState.RUNNING, JobState.BLOCKED)
# What it waited for is not undone by a person's wish to go on.
_STILL_WAITS = (BlockedReason.PORTAL_LIMIT, *WAITS_FOR_PERSON)


def pause(actor: Actor, job_id: int) -> Job:
    """Pause a job of the actor's portal; without effect on one that is paused, being cancelled or finished.

    Raises Job.DoesNotExist for a job that is not the portal's.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().get(portal=actor.portal, pk=job_id)
        if job.state in PAUSABLE:
            job.state = JobState.PAUSED
            job.save(update_fields=["state"])
            _tell(actor, job, AuditEntry.Kind.JOB_PAUSED)
    return job


def go_on(actor: Actor, job_id: int) -> Job:
    """Let a paused job of the actor's portal go on; without effect on any other.

    One that waits for a limit or for a person goes on waiting for that; what else it waited for is tried
    anew. Raises Job.DoesNotExist for a job that is not the portal's.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().get(portal=actor.portal, pk=job_id)
        if job.state != JobState.PAUSED:
            return job
        # Nobody has asked about its queued items: that time is not the portal's silence.
        job.silent_since = job.calls_refused_since = None
        if job.blocked_reason in _STILL_WAITS:
            job.state = JobState.BLOCKED
        else:
            job.state = JobState.RUNNING if job.started_at else JobState.QUEUED
            job.blocked_reason, job.portal_words, job.failures_in_a_row = BlockedReason.NONE, "", 0
            job.blocked_at = job.not_before = None
        job.save()
        _tell(actor, job, AuditEntry.Kind.JOB_RESUMED)
        transaction.on_commit(lambda: waking.wake(job.portal_id))
    return job


def _tell(actor: Actor, job: Job, kind: AuditEntry.Kind) -> None:
    entry = log.entry(
        actor.portal,
        kind,
        actor_id=actor.user_id,
        actor_name=actor.name,
        job_id=job.pk,
        message=job.message,
        count=job.total - job.ended,
    )
    log.append([entry])
