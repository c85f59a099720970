"""Watching a job until it has ended, and working on it where nobody else does.

Whether a Celery worker runs cannot be known, only whether one takes the job: the wake-up that was sent with
it is answered within a fraction of a second by a worker that has nothing else to do. So after two seconds
without a sign the command works the queue itself (``own_worker``). A worker that was merely busy finds the
turn taken, or takes it; neither does harm.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.terminations.command_line.own_worker import OwnWorker
from bxapp.terminations.jobs import cancelling
from bxapp.terminations.models import Job
from bxapp.terminations.states import BlockedReason, JobState

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.portals.sessions import Actor
    from bxapp.terminations.command_line.interruptions import Interruptions

PICK_UP_SECONDS = 2.0
# A worker that had taken the job and shows no progress for so long has probably ended.
_ABANDONED_SECONDS = 45.0
_POLL_SECONDS = 0.2
# How long the look for workflows that came back is waited for, where this process has to do it.
_LOOK_SECONDS = 120.0
_LOOK_IS_NEAR_SECONDS = 45.0
_WAITS = (BlockedReason.OPEN_AGAIN, BlockedReason.RIGHTS_LOST, BlockedReason.PORTAL_REFUSES)


class LeftAlone(Exception):  # noqa: N818  (a wish of the operator, no failure)
    """Interrupted twice: what is under way is settled by whoever works next."""


def waits_for_person(job: Job) -> bool:
    """Say whether nothing goes on until a person, here or at the portal, has done something."""
    return job.is_open and (job.state == JobState.PAUSED or job.blocked_reason in _WAITS)


def follow(
    actor: Actor,
    job: Job,
    interruptions: Interruptions,
    *,
    show: Callable[[Job], None],
    say: Callable[[str], None],
) -> Job:
    """Return the job when it has ended or waits for a person; ``show`` is given it again and again.

    The first interruption cancels it: what is under way ends and is recorded. Raises LeftAlone on the second,
    and what the database raises.
    """
    worker = OwnWorker(job.portal_id)
    try:
        job = _until_ended(actor, job, interruptions, worker, show, say)
        if worker.is_started and not interruptions.count and not job.is_open:
            job = _until_looked(job, interruptions, show, say)
    except LeftAlone:
        worker.stop(patience_seconds=0)
        raise
    except Exception:
        # What is under way is recorded if that can be done.
        worker.stop(patience_seconds=30)
        raise
    worker.stop(patience_seconds=30)
    return job


def _until_ended(
    actor: Actor,
    job: Job,
    interruptions: Interruptions,
    worker: OwnWorker,
    show: Callable[[Job], None],
    say: Callable[[str], None],
) -> Job:
    moved_at = monotonic()
    cancelled = False
    while True:
        before, job = job, Job.objects.get(pk=job.pk)
        show(job)
        if not job.is_open or (waits_for_person(job) and not interruptions.count):
            return job
        if interruptions.count > 1:
            raise LeftAlone
        if interruptions.count and not cancelled:
            cancelling.cancel(actor, job.pk)
            cancelled = True
            say("Cancelled. What is under way ends and is recorded; Ctrl-C again does not wait for it.")
            continue
        if (before.state, before.ended) != (job.state, job.ended) or job.blocked_reason:
            moved_at = monotonic()
        patience_seconds = (
            PICK_UP_SECONDS if job.state == JobState.QUEUED or cancelled else _ABANDONED_SECONDS
        )
        if not worker.is_started and monotonic() - moved_at >= patience_seconds:
            worker.start()
        interruptions.wait(_POLL_SECONDS)


def _until_looked(
    job: Job, interruptions: Interruptions, show: Callable[[Job], None], say: Callable[[str], None]
) -> Job:
    """Wait for the look after the job: it is this process that has to ask."""
    give_up_at = monotonic() + _LOOK_SECONDS
    told = False
    while monotonic() < give_up_at and not interruptions.count:
        due = job.ghosts_due_at
        if due is None or (due - timezone.now()).total_seconds() > _LOOK_IS_NEAR_SECONDS:
            break
        if not told:
            say("No worker runs, so this command looks by itself whether one comes back; Ctrl-C skips that.")
            told = True
        interruptions.wait(_POLL_SECONDS)
        job = Job.objects.get(pk=job.pk)
        show(job)
    return job
