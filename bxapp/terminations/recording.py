"""Writing what became of items: outcome, counters and audit entry in one transaction, or nothing.

This is the only module that ends an item. Each transaction locks in the same order, so that two of them never
wait for each other: the portal's turn, the job, its items, the audit log.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.audit.texts import storable
from bxapp.terminations.changes import Ending
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import BlockedReason, JobState, Outcome
from bxapp.workflows.documents import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from bxapp.terminations.changes import Change
    from bxapp.terminations.turns import HeldTurn

# After a job: what was being executed when it was stopped has saved itself by then and is listed again.
FIRST_GHOST_LOOK = timedelta(seconds=20)
# SQLite takes some ten thousand parameters in a statement; a cancelled job may have more items.
_STATEMENT_ITEMS = 5000


class SupersededError(Exception):
    """Items are no longer as they were read: cancelled meanwhile. Nothing was written; read again."""


def write(turn: HeldTurn, job: Job, changes: Mapping[Item, Change]) -> None:
    """Write ``changes`` of items of one job, as they were read, and their audit entries.

    Raises TurnLostError when the run has lost its turn, SupersededError when any of the items is no longer in
    the state and under the lease that it was read with. Then nothing is written.
    """
    if not changes:
        return
    with transaction.atomic():
        turn.confirm()
        apply(lock(job), changes)


def lock(job: Job) -> Job:
    """Return the job as it is now, locked until the end of the transaction."""
    return Job.objects.select_for_update(of=("self",)).select_related("portal").get(pk=job.pk)


def apply(job: Job, changes: Mapping[Item, Change]) -> None:
    """Write ``changes`` inside the caller's transaction; ``job`` was returned by :func:`lock` there.

    Raises SupersededError as :func:`write` does.
    """
    now = timezone.now()
    for (state, lease, values), items in _alike(changes, now).items():
        for start in range(0, len(items), _STATEMENT_ITEMS):
            keys = [item.pk for item in items[start : start + _STATEMENT_ITEMS]]
            unchanged = Item.objects.filter(pk__in=keys, state=state, lease=lease)
            if unchanged.update(**dict(values)) != len(keys):
                raise SupersededError
    endings = {item: change for item, change in changes.items() if isinstance(change, Ending)}
    log.append(outcome_entry(job, item, ending, now) for item, ending in endings.items())
    count(job, Counter(ending.outcome for ending in endings.values()), now)


def count(job: Job, ended: Mapping[Outcome, int], now: datetime) -> None:
    """Add to the counters of a locked job, and finish it when every item has ended."""
    if not ended:
        return
    Job.objects.filter(pk=job.pk).update(
        **{outcome: F(outcome) + number for outcome, number in ended.items()}
    )
    job.refresh_from_db(fields=Outcome.values)
    if job.ended == job.total:
        _finish(job, now)


def outcome_entry(job: Job, item: Item, ending: Ending, now: datetime) -> AuditEntry:
    """Return the audit entry of an ending, with the message that was (to be) left for this workflow."""
    return log.entry(
        job.portal,
        AuditEntry.Kind.OUTCOME,
        at=now,
        message=item.message,
        outcome=ending.outcome,
        reason=ending.reason,
        other_job_id=ending.other_job_id,
        portal_words=ending.words,
        **about(job, item),
    )


def about(job: Job, item: Item) -> dict[str, Any]:
    """Return the fields of an audit entry that say which workflow of which job it speaks of.

    The document is told in English, whoever is at work: an entry is never rewritten.
    """
    with translation.override("en"):
        document = describe(item.module_id, item.entity, item.document_id, name=item.document_name).label
    return {
        "actor_id": job.created_by_id,
        "actor_name": job.created_by_name,
        "job_id": job.pk,
        "workflow_id": item.workflow_id,
        "document": document,
        "template": item.template_name,
    }


def _finish(job: Job, now: datetime) -> None:
    job.state = JobState.FINISHED
    job.finished_at = now
    job.blocked_reason = BlockedReason.NONE
    job.blocked_at = job.not_before = job.silent_since = None
    job.ghosts_due_at = now + FIRST_GHOST_LOOK if job.terminated else None
    job.save(
        update_fields=[
            "state",
            "finished_at",
            "blocked_reason",
            "blocked_at",
            "not_before",
            "silent_since",
            "ghosts_due_at",
        ]
    )
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


def _alike(
    changes: Mapping[Item, Change], now: datetime
) -> dict[tuple[str, Any, tuple[tuple[str, Any], ...]], list[Item]]:
    """Group items that get the same values and were read alike: one statement for each group."""
    groups: dict[tuple[str, Any, tuple[tuple[str, Any], ...]], list[Item]] = defaultdict(list)
    for item, change in changes.items():
        groups[item.state, item.lease, _storable(change.fields(now).items())].append(item)
    return groups


def _storable(values: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, storable(value) if name == "portal_words" else value) for name, value in values)
