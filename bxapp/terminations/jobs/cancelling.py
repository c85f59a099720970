"""Cancelling a job: nothing new is begun; what is under way ends and is recorded as it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.terminations import waking
from bxapp.terminations.changes import Ending
from bxapp.terminations.jobs import recording, rights
from bxapp.terminations.models import Job
from bxapp.terminations.states import ItemState, JobState, Outcome, Reason

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor


def cancel(actor: Actor, job_id: int) -> Job:
    """Cancel a job of the actor's portal; without effect on one that is finished.

    Queued items end as cancelled at once, except those that a call with a lost answer may still stop: the
    portal is asked about them first. Where the job waits for somebody whose rights are lost, that is asked in
    the actor's name, also if it is being cancelled already: nobody else may ever come. No workflow is called
    for in that name but what comes back after this job has stopped it.
    Raises Job.DoesNotExist for a job that is not the portal's.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().get(portal=actor.portal, pk=job_id)
        if job.is_open and job.state != JobState.CANCELLING:
            _begin(actor, job)
        if job.is_open and job.blocked_reason in rights.WAITS_FOR_PERSON and job.grant_id != actor.grant.pk:
            rights.hand_over(job, actor.grant, canceller=actor)
        transaction.on_commit(lambda: waking.wake(job.portal_id))
    return job


def _begin(actor: Actor, job: Job) -> None:
    if job.state == JobState.PAUSED:
        # Nobody has asked about its queued items: that time is not the portal's silence.
        job.silent_since = None
    job.state = JobState.CANCELLING
    job.save(update_fields=["state", "silent_since"])
    ending = Ending(Outcome.CANCELLED, Reason.CANCELLED_BY_PERSON)
    waiting = job.items.filter(state=ItemState.QUEUED, unheard_calls=0).order_by("position")
    changes = dict.fromkeys(waiting, ending)
    entry = log.entry(
        actor.portal,
        AuditEntry.Kind.JOB_CANCELLED,
        actor_id=actor.user_id,
        actor_name=actor.name,
        job_id=job.pk,
        message=job.message,
        count=len(changes),
    )
    log.append([entry])
    recording.apply(job, changes)
