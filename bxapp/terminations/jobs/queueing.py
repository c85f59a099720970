"""From a confirmed selection to a job: written once, in one transaction, with its audit entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.terminations import waking
from bxapp.terminations.jobs import messages, safeguards
from bxapp.terminations.jobs.inserting import insert_items
from bxapp.terminations.jobs.messages import Message
from bxapp.terminations.models import Job

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from bxapp.portals.sessions import Actor
    from bxapp.terminations.jobs.messages import Filled
    from bxapp.workflows.selection import SelectedWorkflow


class NothingSelectedError(ValueError):
    """A job needs at least one workflow."""


def queue(
    actor: Actor,
    selection: Iterable[SelectedWorkflow],
    message: str,
    idempotency_key: str,
    *,
    may_use_other_grants: bool = False,
    retry_of: Job | None = None,
    confirmed_protected: Collection[int] = (),
    read_at: datetime | None = None,
) -> Job:
    """Return the job that stops the selected workflows with ``message``, in the name of ``actor``.

    ``selection`` is read only where that job is not there yet. ``message`` may hold the placeholders of
    ``messages``. ``idempotency_key`` (1 to 64 characters) comes from the form: the same confirmation sent
    twice, even at the same moment, gives the same job.
    ``may_use_other_grants``: whether the job may go on with another administrator's rights when the actor's
    are lost. ``retry_of``: the job of the same portal whose failed workflows these are.
    ``confirmed_protected``: protected templates of which the person has said that they are meant too.
    ``read_at``: since when, by the database's clock, the selection shows its workflows, if that is known.

    Raises MessageProblemError, NothingSelectedError, ProtectedNotConfirmedError, and ValueError for a key
    that no form of ours has.
    """
    if not 0 < len(idempotency_key) <= 64:
        raise ValueError("An idempotency key has 1 to 64 characters.")
    read = Message(message, actor)
    known = Job.objects.filter(portal=actor.portal, idempotency_key=idempotency_key)
    if (job := known.first()) is not None:
        return job
    # In the order of their IDs, which begin with the time of the start: parents go before their children, so
    # that a parent does not run on inside the call that stops its child.
    chosen = sorted({workflow.id: workflow for workflow in selection}.values(), key=lambda one: one.id)
    if not chosen:
        raise NothingSelectedError
    safeguards.check_protected(actor.portal, chosen, confirmed_protected)
    filled = read.fill(chosen)
    messages.check(filled)
    job = Job(
        portal=actor.portal,
        grant=actor.grant,
        may_use_other_grants=may_use_other_grants,
        installation=actor.portal.installation,
        created_by_id=actor.user_id,
        created_by_name=actor.name,
        message=read.typed,
        idempotency_key=idempotency_key,
        total=len(chosen),
        retry_of=retry_of,
        created_at=timezone.now(),
    )
    try:
        _write(job, filled, read_at)
    except IntegrityError:
        if (job := known.first()) is not None:
            return job
        raise
    return job


def _write(job: Job, filled: Sequence[Filled], read_at: datetime | None) -> None:
    with transaction.atomic():
        job.save()
        insert_items(job, filled, read_at)
        entry = log.entry(
            job.portal,
            AuditEntry.Kind.JOB_QUEUED,
            actor_id=job.created_by_id,
            actor_name=job.created_by_name,
            job_id=job.pk,
            other_job_id=job.retry_of_id,
            reason="retry" if job.retry_of_id else "",
            message=job.message,
            count=job.total,
        )
        log.append([entry])
        transaction.on_commit(lambda: waking.wake(job.portal_id))
