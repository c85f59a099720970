"""The look afterwards: a workflow that was being executed when it was stopped comes back as an empty entry.

``terminate`` answers ``true`` for it, but the running step saves a new row under the same ID, without
document and template, and may run on. So after a job one request asks for what it stopped; what is there
again is stopped once more when it is idle, and its outcome says so. What cannot be stopped counts as failed.
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
from bxapp.terminations import recording
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bxapp.bitrix.client import Client
    from bxapp.terminations.errands import Errand
    from bxapp.terminations.turns import HeldTurn

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
_GIVE_UP = timedelta(hours=24)


def next_job(portal_id: int, now: datetime) -> Job | None:
    """Return a finished job of the portal whose look is due."""
    due = Job.objects.filter(portal_id=portal_id, ghosts_due_at__lte=now)
    return due.select_related("portal", "grant__portal").order_by("ghosts_due_at").first()


def look(turn: HeldTurn, job: Job, client: Client) -> Errand[None]:
    """Look for what came back of a finished job, stop it again, and note when to look next.

    Raises TurnLostError.
    """
    try:
        back: list[Item] = []
        position = -1
        while stopped := _stopped(job, position):
            back += yield from _look(turn, job, client, stopped)
            position = stopped[-1].position
    except errors.BitrixError as error:
        logger.warning("The look after job %s is postponed: %s", job.pk, error)
        _note_next_look(turn, job, timezone.now() + _POSTPONED)
        return
    _note_next_look(turn, job, _next_look(job, back))


def _stopped(job: Job, after: int) -> list[Item]:
    """Return the next terminated items of a job, as many as one request asks for."""
    stopped = job.items.filter(outcome=Outcome.TERMINATED, position__gt=after).order_by("position")
    return list(stopped[:_IDS_OF_ONE_REQUEST])


def _look(turn: HeldTurn, job: Job, client: Client, stopped: Sequence[Item]) -> Errand[list[Item]]:
    ids = [item.workflow_id for item in stopped]
    rows = yield partial(methods.running, client, ids, fields=methods.LOCK_FIELDS)
    back = [item for item in stopped if item.workflow_id in rows]
    again = _record(turn, job, back, rows)
    # One that must go alone, for its message or because it broke a batch, does so here too.
    alone = [[item] for item in again if item.batch_limit == 1]
    others = [item for item in again if item.batch_limit > 1]
    for batch in (*alone, *(others[start : start + _BATCH] for start in range(0, len(others), _BATCH))):
        # What it answers does not matter: the next look tells.
        yield partial(methods.stop, client, {item.workflow_id: item.message for item in batch})
    return back


def _record(
    turn: HeldTurn, job: Job, back: Sequence[Item], rows: Mapping[str, methods.Instance]
) -> list[Item]:
    """Write down what came back and what could not be stopped; return what is to be stopped once more."""
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
        _update(again, ghost_calls=F("ghost_calls") + 1)
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
    second = job.finished_at + _SECOND_LOOK if job.finished_at else now
    met_executing = job.items.filter(executing_since__isnull=False).exists()
    return second if met_executing and now < second else None


def _note_next_look(turn: HeldTurn, job: Job, moment: datetime | None) -> None:
    if job.finished_at is None or timezone.now() - job.finished_at > _GIVE_UP:
        moment = None
    with transaction.atomic():
        turn.confirm()
        Job.objects.filter(pk=job.pk).update(ghosts_due_at=moment)
