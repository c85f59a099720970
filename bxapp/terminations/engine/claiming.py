"""What is due for a portal, and taking a batch of it: marked SENT under a lease before the call leaves."""

from __future__ import annotations

from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Case, Exists, Min, OuterRef, Q, QuerySet, UUIDField, Value, When
from django.db.models.base import ModelState
from django.db.models.functions import Coalesce
from django.utils import timezone

from bxapp.portals.clocks import left_until
from bxapp.terminations.engine import blocking
from bxapp.terminations.jobs.recording import lock
from bxapp.terminations.jobs.removal import VOID, void_jobs
from bxapp.terminations.jobs.rights import WAITS_FOR_PERSON
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import ItemState, JobState, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from bxapp.terminations.jobs.turns import HeldTurn

# What is read of a queued item. All else of it is empty as yet, or not for who sends it; whoever asks for it
# all the same makes Django ask the database for each item by itself.
_COLUMNS = (
    "id",
    "job_id",
    "portal_id",
    "position",
    "workflow_id",
    "module_id",
    "entity",
    "document_id",
    "document_name",
    "template_name",
    "message",
    "state",
    "outcome",
    "portal_words",
    "doubt",
    "not_before",
    "executing_since",
    "attempts",
    "unheard_calls",
    "breaks",
    "batch_limit",
    "lease",
    "sent_at",
    "sent_as_id",
)

UNDER_WAY = (ItemState.SENT, ItemState.UNSURE)


def next_job(portal_id: int, now: datetime) -> Job | None:
    """Return the job to work on next: the smallest that has something due, so that it overtakes big ones."""
    due = Exists(due_items(now).filter(job=OuterRef("pk")))
    return open_jobs(now).filter(due, portal_id=portal_id).order_by("total", "pk").first()


def open_jobs(now: datetime) -> QuerySet[Job]:
    """Return the jobs that may go on now, whether or not any of their items is due."""
    return (
        Job.objects.exclude(state=JobState.FINISHED)
        .exclude(blocked_reason__in=WAITS_FOR_PERSON)
        .exclude(VOID)
        .filter(_passed(now))
        .select_related("portal", "grant__portal")
    )


def workable_items() -> QuerySet[Item]:
    """Return the items that something can be done for, now or later: ask about them, look at them, stop them.

    Left out are queued ones of a paused job, and those whose workflow is held by a call of another job: its
    outcome comes first.
    """
    return Item.objects.filter(
        Q(state=ItemState.UNSURE) | (~Q(job__state=JobState.PAUSED) & ~Exists(_held_by_another())),
        state__in=[ItemState.QUEUED, ItemState.UNSURE],
    )


def due_items(now: datetime) -> QuerySet[Item]:
    """Return the workable items whose moment has come."""
    return workable_items().filter(_passed(now))


def due_unsure(job: Job, now: datetime, limit: int) -> list[Item]:
    """Return items of a job that are in doubt, in the order of their batches."""
    unsure = Item.objects.filter(_passed(now), job=job, state=ItemState.UNSURE)
    return list(unsure.order_by("position")[:limit])


def due_queued(job: Job, now: datetime, limit: int, *, besides: Collection[int] = ()) -> list[Item]:
    """Return the queued items that come next, ``besides`` those with these keys: large batches first,
    suspects alone at the end. Those that their list showed idle know how long ago that was (``looked_at``).
    """
    queued = due_items(now).filter(job=job, state=ItemState.QUEUED).exclude(pk__any_of=besides)
    rows = queued.order_by("-batch_limit", "position").values_list(left_until("idle_at"), *_COLUMNS)[:limit]
    now_here = monotonic()
    return [_item_of(row, now_here) for row in rows]


def _item_of(row: tuple[Any, ...], now_here: float) -> Item:
    """Return what was read of an item as one. Of thousands, ``from_db`` takes longer than reading them."""
    item = Item.__new__(Item)
    since_listed, *values = row
    item.__dict__.update(zip(_COLUMNS, values, strict=True))
    if since_listed is not None:
        item.looked_at = now_here + since_listed.total_seconds()
    item._state = ModelState()
    item._state.adding, item._state.db = False, DEFAULT_DB_ALIAS
    return item


def claim(turn: HeldTurn, job: Job, batches: Sequence[Sequence[Item]]) -> list[list[Item]]:
    """Mark the queued items of each batch SENT under a new lease of its own; return those that were.

    A new job, whose list was taken for the look, runs from its first claim on.
    Left queued are those whose workflow another job holds, or has terminated since the look: the next look
    tells. Whole batches may come back empty: all do when the job was cancelled or blocked meanwhile. Raises
    TurnLostError.
    """
    leases = [uuid4() for _ in batches]
    asked = {item.pk: item for batch in batches for item in batch}
    now = timezone.now()
    with transaction.atomic():
        turn.confirm()
        locked = lock(job)
        if locked.state == JobState.QUEUED:
            # No look has begun it.
            blocking.go_on(locked)
        if locked.state != JobState.RUNNING:
            return [[] for _ in batches]
        taken = _taken_by_another(job, asked.values())
        held = {key for key, item in asked.items() if item.workflow_id not in taken}
        free = Item.objects.filter(job=job, pk__any_of=held, state=ItemState.QUEUED)
        claimed = free.update(
            state=ItemState.SENT,
            lease=_lease_of_each(batches, leases),
            sent_at=now,
            sent_as_id=job.grant.user_id,
            not_before=None,
        )
        if claimed < len(held):
            held = set(Item.objects.filter(pk__any_of=asked, lease__in=leases).values_list("pk", flat=True))
    job.state = locked.state
    for batch, lease in zip(batches, leases, strict=True):
        for item in batch:
            if item.pk in held:
                item.state, item.lease, item.sent_at, item.not_before = ItemState.SENT, lease, now, None
                item.sent_as_id = job.grant.user_id
    return [[item for item in batch if item.pk in held] for batch in batches]


def _taken_by_another(job: Job, items: Collection[Item]) -> set[str]:
    """Return the workflows of queued ``items`` that another job holds, or has terminated since the look.

    Asked for by itself: as a part of the claim's own statement it took the database up to half a second for
    2,000, by a plan made for fewer. Nothing of it changes in between: only the turn's holder claims.
    """
    others = Item.objects.filter(
        Q(state__in=UNDER_WAY) | Q(outcome=Outcome.TERMINATED),
        portal_id=job.portal_id,
        workflow_id__any_of=[item.workflow_id for item in items],
    )
    returned = {item.workflow_id for item in items if item.has_returned}
    found = others.values_list("workflow_id", "state")
    return {one for one, state in found if state in UNDER_WAY or one not in returned}


def _lease_of_each(batches: Sequence[Sequence[Item]], leases: Sequence[UUID]) -> Value | Case:
    if len(batches) == 1:
        return Value(leases[0])
    keys = [sorted(item.pk for item in batch) for batch in batches]
    if all(before[-1] < after[0] for before, after in pairwise(keys)):
        # One comparison for each batch instead of one for each workflow: of 2,000 a fifth of a second.
        conditions = [Q(pk__lte=of_batch[-1]) for of_batch in keys]
    else:
        conditions = [Q(pk__any_of=of_batch) for of_batch in keys]
    cases = (When(one, then=Value(lease)) for one, lease in zip(conditions, leases, strict=True))
    return Case(*cases, output_field=UUIDField())


def next_moment(portal_id: int, now: datetime) -> datetime | None:
    """Return when something will be due for a portal, ``now`` if it already is; None when nothing ever."""
    if void_jobs(portal_id).exists() or next_job(portal_id, now) is not None:
        return now
    moments = []
    waiting = Job.objects.filter(portal_id=portal_id).exclude(state=JobState.FINISHED)
    for job in waiting.exclude(blocked_reason__in=WAITS_FOR_PERSON):
        own = workable_items().filter(job=job)
        # Of one without a moment of its own it is now: only its job makes it wait.
        soonest = own.aggregate(soonest=Min(Coalesce("not_before", Value(now))))["soonest"]
        if job.state == JobState.PAUSED and not own.exists():
            continue
        if moment := max(filter(None, (job.not_before, soonest)), default=None):
            moments.append(moment)
    finished = Job.objects.filter(portal_id=portal_id)
    looks = finished.filter(ghosts_due_at__isnull=False).order_by("ghosts_due_at")
    moments += [now + left for left in looks.values_list(left_until("ghosts_due_at"), flat=True)[:1]]
    notices = finished.filter(notice_due_at__isnull=False).order_by("notice_due_at")
    moments += notices.values_list("notice_due_at", flat=True)[:1]
    return max(min(moments), now) if moments else None


def _passed(now: datetime) -> Q:
    return Q(not_before=None) | Q(not_before__lte=now)


def _held_by_another() -> QuerySet[Item]:
    return Item.objects.filter(
        portal=OuterRef("portal"), workflow_id=OuterRef("workflow_id"), state__in=UNDER_WAY
    )
