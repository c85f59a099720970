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
from bxapp.bitrix.status_text import as_stored, status_problem
from bxapp.terminations import waking
from bxapp.terminations.models import Item, Job

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bxapp.portals.sessions import Actor
    from bxapp.workflows.selection import SelectedWorkflow

_ITEMS_OF_ONE_STATEMENT = 1000


class MessageProblemError(ValueError):
    """The portal would not keep the message as typed; ``problem`` is the code of ``status_problem``."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class NothingSelectedError(ValueError):
    """A job needs at least one workflow."""


def queue(actor: Actor, selection: Iterable[SelectedWorkflow], message: str, idempotency_key: str) -> Job:
    """Return the job that stops the selected workflows with ``message``, in the name of ``actor``.

    ``idempotency_key`` (1 to 64 characters) comes from the form: the same confirmation sent twice, even at
    the same moment, gives the same job. Raises MessageProblemError, NothingSelectedError, ValueError for a
    key that no form of ours has.
    """
    if not 0 < len(idempotency_key) <= 64:
        raise ValueError("An idempotency key has 1 to 64 characters.")
    if problem := status_problem(message):
        raise MessageProblemError(problem)
    # In the order of their IDs, which begin with the time of the start: parents go before their children, so
    # that a parent does not run on inside the call that stops its child.
    chosen = sorted({workflow.id: workflow for workflow in selection}.values(), key=lambda one: one.id)
    if not chosen:
        raise NothingSelectedError
    known = Job.objects.filter(portal=actor.portal, idempotency_key=idempotency_key)
    if (job := known.first()) is not None:
        return job
    try:
        return _write(actor, chosen, as_stored(message), idempotency_key)
    except IntegrityError:
        if (job := known.first()) is not None:
            return job
        raise


def _write(actor: Actor, chosen: list[SelectedWorkflow], message: str, idempotency_key: str) -> Job:
    with transaction.atomic():
        job = Job.objects.create(
            portal=actor.portal,
            grant=actor.grant,
            installation=actor.portal.installation,
            created_by_id=actor.user_id,
            created_by_name=actor.name,
            message=message,
            idempotency_key=idempotency_key,
            total=len(chosen),
            created_at=timezone.now(),
        )
        Item.objects.bulk_create(
            (_item(job, position, workflow) for position, workflow in enumerate(chosen)),
            batch_size=_ITEMS_OF_ONE_STATEMENT,
        )
        entry = log.entry(
            actor.portal,
            AuditEntry.Kind.JOB_QUEUED,
            actor_id=actor.user_id,
            actor_name=actor.name,
            job_id=job.pk,
            message=message,
            count=job.total,
        )
        log.append([entry])
        transaction.on_commit(lambda: waking.wake(job.portal_id))
    return job


def _item(job: Job, position: int, workflow: SelectedWorkflow) -> Item:
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
        message=job.message,
        batch_limit=1 if changes_in_batch(job.message) else LONGEST_BATCH,
    )


def _number(value: int | None) -> int | None:
    """Return a number that a column holds; what a portal made up beyond that is not known."""
    return value if value is not None and 0 <= value < 2**63 else None
