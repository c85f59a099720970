"""The look afterwards: a workflow that was being executed when it was stopped comes back as an empty entry.

``terminate`` answers ``true`` for it, but the running step saves a new row under the same ID, without
document and template, and may run on. So after a job one request asks for what it stopped; what is there
again is stopped once more when it is idle, and its outcome says so. What cannot be stopped counts as failed.

Such a call is one like any other for the portal's limit of execution time: it is reserved before, and waits
where that is spent.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.bitrix import errors, methods
from bxapp.bitrix.limits import Spent
from bxapp.terminations.clocks import CLOCKS_APART
from bxapp.terminations.jobs import recording
from bxapp.terminations.jobs.errands import ReservedRequest
from bxapp.terminations.models import Item, Job
from bxapp.terminations.pace import permits
from bxapp.terminations.states import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.limits import Reservation
    from bxapp.terminations.jobs.errands import Errand
    from bxapp.terminations.jobs.turns import HeldTurn

logger = logging.getLogger(__name__)

_IDS_OF_ONE_REQUEST = 2500
_BATCH = 50
# Between two looks at something that came back.
_PAUSE = timedelta(seconds=20)
_POSTPONED = timedelta(minutes=2)
_CALLS = 3
# OWNED_UNTIL lies at most five minutes ahead: by then a step that was under way has saved itself.
_SECOND_LOOK = timedelta(minutes=6)
_LIMIT = timedelta(minutes=20)
# A look is seldom later than this where nothing is wrong.
_ON_TIME = timedelta(seconds=15)
_GIVE_UP = timedelta(hours=24)


def next_job(portal_id: int, now: datetime) -> Job | None:
    """Return a finished job of the portal whose look is due."""
    due = Job.objects.filter(portal_id=portal_id, ghosts_due_at__lte=now)
    return due.select_related("portal", "grant__portal").order_by("ghosts_due_at").first()


def look(
    turn: HeldTurn, job: Job, client: Client, reserve: Callable[[int], Reservation | Spent]
) -> Errand[None]:
    """Look for what came back of a finished job, stop it again, and note when to look next.

    ``reserve`` reserves execution time for one request of so many calls, perhaps for fewer. Raises
    TurnLostError.
    """
    try:
        back: list[Item] = []
        spent_until: datetime | None = None
        position = -1
        while stopped := _stopped(job, position):
            rows = yield partial(
                methods.running, client, [item.workflow_id for item in stopped], fields=methods.LOCK_FIELDS
            )
            there = [item for item in stopped if item.workflow_id in rows]
            back += there
            again = _record(turn, job, there, rows)
            if again and spent_until is None:
                spent_until = yield from _stop_again(turn, client, again, reserve)
            position = stopped[-1].position
    except errors.BitrixError as error:
        logger.warning("The look after job %s is postponed: %s", job.pk, error)
        _note_next_look(turn, job, timezone.now() + _POSTPONED)
        return
    moments = [moment for moment in (_next_look(job, back), spent_until) if moment is not None]
    _note_next_look(turn, job, max(moments, default=None))


def _stopped(job: Job, after: int) -> list[Item]:
    """Return the next terminated items of a job, as many as one request asks for."""
    stopped = job.items.filter(outcome=Outcome.TERMINATED, position__gt=after).order_by("position")
    return list(stopped[:_IDS_OF_ONE_REQUEST])


def _stop_again(
    turn: HeldTurn, client: Client, again: Sequence[Item], reserve: Callable[[int], Reservation | Spent]
) -> Errand[datetime | None]:
    """Call for what is idle again; return until when the portal's execution time is spent, if it is.

    What it does not suffice for now is left to the next look.
    """
    # One that must go alone, for its message or because it broke a batch, does so here too.
    alone = [[item] for item in again if item.batch_limit == 1]
    others = [item for item in again if item.batch_limit > 1]
    for batch in (*alone, *(others[start : start + _BATCH] for start in range(0, len(others), _BATCH))):
        reserved = reserve(len(batch))
        if isinstance(reserved, Spent):
            return None if reserved.under_way else permits.moment_of(reserved)
        called = batch[: reserved.calls]
        with transaction.atomic():
            turn.confirm()
            _update(called, ghost_calls=F("ghost_calls") + 1)
        # What it answers does not matter: the next look tells.
        stop = partial(methods.stop, client, {item.workflow_id: item.message for item in called})
        yield ReservedRequest(stop, reserved)
    return None


def _record(
    turn: HeldTurn, job: Job, back: Sequence[Item], rows: Mapping[str, methods.Instance]
) -> list[Item]:
    """Write down what came back and what could not be stopped; return what may be stopped once more."""
    if not back:
        return []
    now = timezone.now()
    late = job.finished_at is not None and now - job.finished_at >= _LIMIT
    staying = [item for item in back if item.ghost_calls >= _CALLS or late]
    again = [item for item in back if item not in staying and not rows[item.workflow_id].is_executing(now)]
    new = [item for item in back if item.reason != Reason.CAME_BACK and item not in staying]
    with transaction.atomic():
        turn.confirm()
        locked = recording.lock(job)
        _update(new, reason=Reason.CAME_BACK)
        _update(staying, outcome=Outcome.FAILED, reason=Reason.CAME_BACK_STAYS)
        Job.objects.filter(pk=job.pk).update(
            terminated=F("terminated") - len(staying), failed=F("failed") + len(staying)
        )
        log.append(
            log.entry(
                locked.portal,
                AuditEntry.Kind.GHOST,
                at=now,
                outcome=Outcome.FAILED if item in staying else Outcome.TERMINATED,
                reason=Reason.CAME_BACK_STAYS if item in staying else Reason.CAME_BACK,
                message=item.message,
                **recording.about(locked, item),
            )
            for item in (*new, *staying)
        )
    return again


def _update(items: Sequence[Item], **values: object) -> None:
    if items:
        Item.objects.filter(pk__in=[item.pk for item in items]).update(**values)


def _next_look(job: Job, back: Sequence[Item]) -> datetime | None:
    """Return when to look again: soon if something came back, later if something had been executing."""
    now = timezone.now()
    if back:
        return now + _PAUSE
    if job.finished_at is not None and _may_be_early(now - job.finished_at):
        return now + recording.FIRST_GHOST_LOOK
    second = job.finished_at + _SECOND_LOOK if job.finished_at else now
    met_executing = job.items.filter(executing_since__isnull=False).exists()
    return second if met_executing and now < second else None


def _may_be_early(since_end: timedelta) -> bool:
    """Whether this look may have come before what was executed had saved itself, although it seems late.

    The end was noted by the clock of the machine that saw it. Where that is behind, the look is due there
    and then; it cannot be told from one that is late, so it is made again until more than CLOCKS_APART lies
    behind. Clocks that differ by less than ``_ON_TIME`` more than the pause before the look are not noticed.
    """
    late = since_end - recording.FIRST_GHOST_LOOK
    return _ON_TIME < late < CLOCKS_APART


def _note_next_look(turn: HeldTurn, job: Job, moment: datetime | None) -> None:
    if job.finished_at is None or timezone.now() - job.finished_at > _GIVE_UP:
        moment = None
    with transaction.atomic():
        turn.confirm()
        Job.objects.filter(pk=job.pk).update(ghosts_due_at=moment)
