"""From a confirmed selection to a job: written once, in one transaction, with its audit entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.audit.texts import storable
from bxapp.bitrix.client import LONGEST_BATCH
from bxapp.bitrix.encoding import changes_in_batch
from bxapp.terminations import messages, waking
from bxapp.terminations.messages import Message
from bxapp.terminations.models import Item, Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bxapp.portals.sessions import Actor
    from bxapp.terminations.messages import Filled
    from bxapp.workflows.selection import SelectedWorkflow

_ITEMS_OF_ONE_STATEMENT = 1000


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
) -> Job:
    """Return the job that stops the selected workflows with ``message``, in the name of ``actor``.

    ``message`` may hold the placeholders of ``messages``. ``idempotency_key`` (1 to 64 characters) comes from
    the form: the same confirmation sent twice, even at the same moment, gives the same job.
    ``may_use_other_grants``: whether the job may go on with another administrator's rights when the actor's
    are lost. ``retry_of``: the job of the same portal whose failed workflows these are.

    Raises MessageProblemError, NothingSelectedError, ValueError for a key that no form of ours has.
    """
    if not 0 < len(idempotency_key) <= 64:
        raise ValueError("An idempotency key has 1 to 64 characters.")
    read = Message(message, actor)
    # In the order of their IDs, which begin with the time of the start: parents go before their children, so
    # that a parent does not run on inside the call that stops its child.
    chosen = sorted({workflow.id: workflow for workflow in selection}.values(), key=lambda one: one.id)
    if not chosen:
        raise NothingSelectedError
    known = Job.objects.filter(portal=actor.portal, idempotency_key=idempotency_key)
    if (job := known.first()) is not None:
        return job
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
        _write(job, filled)
    except IntegrityError:
        if (job := known.first()) is not None:
            return job
        raise
    return job


def _write(job: Job, filled: Sequence[Filled]) -> None:
    with transaction.atomic():
        job.save()
        Item.objects.bulk_create(
            (_item(job, position, one) for position, one in enumerate(filled)),
            batch_size=_ITEMS_OF_ONE_STATEMENT,
        )
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


def _item(job: Job, position: int, filled: Filled) -> Item:
    workflow = filled.workflow
    return Item(
        job=job,
        portal_id=job.portal_id,
        position=position,
        workflow_id=workflow.id,
        module_id=storable(workflow.module_id, 64),
        entity=storable(workflow.entity, 255),
        document_id=storable(workflow.document_id, 255),
        document_name=storable(workflow.document_name, 500),
        template_id=_number(workflow.template_id),
        template_name=storable(workflow.template_name, 500),
        workflow_started_at=workflow.started,
        started_by_id=_number(workflow.started_by_id),
        started_by_name=storable(workflow.started_by_name, 255),
        message=filled.text,
        batch_limit=1 if changes_in_batch(filled.text) else LONGEST_BATCH,
    )


def _number(value: int | None) -> int | None:
    """Return a number that a column holds; what a portal made up beyond that is not known."""
    return value if value is not None and 0 <= value < 2**63 else None
