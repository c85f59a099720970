"""Writing what became of items: outcome, counters and audit entry in one transaction, or nothing.

This is the only module that ends an item. Each transaction locks in the same order, so that two of them never
wait for each other: the portal's turn, the job, its items, the audit log.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.audit.texts import storable
from bxapp.portals.clocks import from_now
from bxapp.terminations.changes import Ending
from bxapp.terminations.jobs import notices, phases, rights, speed
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import BlockedReason, JobState, Outcome, Reason
from bxapp.workflows.documents import label_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from bxapp.terminations.changes import Change
    from bxapp.terminations.jobs.turns import HeldTurn

# After a job: what was being executed when it was stopped has saved itself by then and is listed again.
FIRST_GHOST_LOOK = timedelta(seconds=20)


class SupersededError(Exception):
    """Items are no longer as they were read: cancelled meanwhile. Nothing was written; read again."""


def write(turn: HeldTurn, job: Job, changes: Mapping[Item, Change]) -> None:
    """Write ``changes`` of items of one job, as they were read, and their audit entries.

    Afterwards ``job`` has the counters that are stored, and an item that has not ended is as it was written.
    Raises TurnLostError when the process has lost its turn, SupersededError when any of the items is no
    longer in the state and under the lease that it was read with. Then nothing is written.
    """
    if not changes:
        return
    with transaction.atomic():
        turn.confirm()
        locked = lock(job)
        apply(locked, changes)
    for name in (*Outcome.values, "state", "finished_at"):
        setattr(job, name, getattr(locked, name))


def lock(job: Job) -> Job:
    """Return the job as it is now, locked until the end of the transaction."""
    locked = Job.objects.select_for_update().get(pk=job.pk)
    if Job.portal.is_cached(job):
        # As it was read: decrypting its secrets once more would cost more than all else here.
        locked.portal = job.portal
    return locked


def apply(job: Job, changes: Mapping[Item, Change]) -> None:
    """Write ``changes`` inside the caller's transaction; ``job`` was returned by :func:`lock` there.

    Raises SupersededError as :func:`write` does.
    """
    now = timezone.now()
    for (state, values), items in _alike(changes, now).items():
        keys = [item.pk for item in items]
        unchanged = Item.objects.filter(_under(_leases(items)), job=job, pk__any_of=keys, state=state)
        if unchanged.update(**dict(values)) != len(items):
            raise SupersededError
    endings = {item: change for item, change in changes.items() if isinstance(change, Ending)}
    log.append_series(_told_of(job, endings, now))
    count(job, Counter(ending.outcome for ending in endings.values()), now)
    for item, change in changes.items():
        if item not in endings:
            for name, value in change.fields(now).items():
                setattr(item, name, value)


def count(job: Job, ended: Mapping[Outcome, int], now: datetime) -> None:
    """Add to the counters of a locked job, and finish it when every item has ended."""
    if not ended:
        return
    for outcome, number in ended.items():
        setattr(job, outcome, getattr(job, outcome) + number)
    job.marks = speed.marked(job.marks, job.started_at, job.ended, now)
    if job.ended == job.total:
        _finish(job, now)
    else:
        job.save(update_fields=[*ended, "marks"])


def after_error(items: QuerySet[Item]) -> QuerySet[Item]:
    """Return those that were gone after the portal had answered their call with an error: some errors come
    after the stop.
    """
    return items.filter(outcome=Outcome.ALREADY_FINISHED, reason=Reason.GONE_AFTER_ERROR)


def about(job: Job, item: Item) -> dict[str, Any]:
    """Return the fields of an audit entry that say which workflow of which job it speaks of."""
    return {
        **_about_job(job),
        "workflow_id": item.workflow_id,
        "document": _document(item),
        "template": item.template_name,
    }


def _told_of(job: Job, endings: Mapping[Item, Ending], now: datetime) -> Iterator[log.Series]:
    """Tell the audit entries of endings, with the message that was (to be) left for each workflow."""
    alike: dict[tuple[Ending, int | None], list[Item]] = defaultdict(list)
    for item, ending in endings.items():
        alike[ending, item.sent_as_id].append(item)
    for (ending, used_by_id), items in alike.items():
        shared = log.entry(
            job.portal,
            AuditEntry.Kind.OUTCOME,
            at=now,
            outcome=ending.outcome,
            reason=ending.reason,
            other_job_id=ending.other_job_id,
            portal_words=ending.words,
            **_about_job(job, used_by_id),
        )
        subjects = [
            log.subject(item.workflow_id, _document(item), item.template_name, item.message) for item in items
        ]
        yield log.Series(shared, subjects)


def _about_job(job: Job, used_by_id: int | None = None) -> dict[str, Any]:
    return {
        "actor_id": job.created_by_id,
        "actor_name": job.created_by_name,
        "job_id": job.pk,
        **rights.whose(job, used_by_id),
    }


def _document(item: Item) -> str:
    """Tell an item's document in English, whoever is at work: an entry is never rewritten."""
    return label_in("en", item.module_id, item.entity, item.document_id, item.document_name)


def _finish(job: Job, now: datetime) -> None:
    job.state = JobState.FINISHED
    job.finished_at = now
    job.blocked_reason = BlockedReason.NONE
    job.blocked_at = job.not_before = job.silent_since = None
    job.notice_due_at = notices.due_at(job, now)
    job.marks = None
    job.save(
        update_fields=[
            *Outcome.values,
            "state",
            "finished_at",
            "blocked_reason",
            "blocked_at",
            "not_before",
            "silent_since",
            "notice_due_at",
            "marks",
        ]
    )
    if job.terminated or after_error(job.items.all()).exists():
        # By the database's clock: the look must not come early on a machine whose own is ahead.
        Job.objects.filter(pk=job.pk).update(ghosts_due_at=from_now(FIRST_GHOST_LOOK))
    entry = log.entry(
        job.portal,
        AuditEntry.Kind.JOB_FINISHED,
        at=now,
        actor_id=job.created_by_id,
        actor_name=job.created_by_name,
        job_id=job.pk,
        message=job.message,
        count=job.total,
        counts=job.counts,
    )
    log.append([entry])
    transaction.on_commit(partial(phases.ended, job))


def _alike(
    changes: Mapping[Item, Change], now: datetime
) -> dict[tuple[str, tuple[tuple[str, Any], ...]], list[Item]]:
    """Group items that get the same values and were read alike: one statement for each group."""
    groups: dict[tuple[str, tuple[tuple[str, Any], ...]], list[Item]] = defaultdict(list)
    known: dict[Change, tuple[tuple[str, Any], ...]] = {}
    for item, change in changes.items():
        values = known.get(change)
        if values is None:
            values = known[change] = _storable(change.fields(now).items())
        groups[item.state, values].append(item)
    return groups


def _leases(items: Iterable[Item]) -> set[UUID | None]:
    return {item.lease for item in items}


def _under(leases: set[UUID | None]) -> Q:
    """Return a condition: under one of the leases. Each is of one call, so another's call is under none."""
    return Q(lease__in=[lease for lease in leases if lease]) | (Q(lease=None) if None in leases else Q())


def _storable(values: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, storable(value) if name == "portal_words" else value) for name, value in values)
