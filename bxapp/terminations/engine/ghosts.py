"""The look afterwards: a workflow that was being executed when it was stopped comes back as an empty entry.

``terminate`` answers ``true`` for it, but the running step saves a new row under the same ID, without
document and template, and may run on. So after a job one request asks for what it stopped; what is there
again is stopped once more when it is idle, and its outcome says so. What cannot be stopped counts as failed.
Asked for is also what was gone after an error: some errors come after the stop, and an empty entry proves it.

Such a call is one like any other for the portal's limit of execution time: it is reserved before, and waits
where that is spent.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from bxapp.bitrix import errors, methods
from bxapp.bitrix.limits import Spent
from bxapp.bitrix.parts import in_parts
from bxapp.portals.clocks import CLOCKS_APART
from bxapp.terminations.engine.looking import FRESH_SECONDS
from bxapp.terminations.engine.sending import NOT_EXECUTED
from bxapp.terminations.jobs import ghost_records
from bxapp.terminations.jobs.errands import NotSentError, ReservedRequest
from bxapp.terminations.jobs.removal import VOID
from bxapp.terminations.models import Item, Job
from bxapp.terminations.pace import permits
from bxapp.terminations.states import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.limits import Reservation
    from bxapp.terminations.jobs.errands import Errand
    from bxapp.terminations.jobs.turns import HeldTurn

logger = logging.getLogger(__name__)

_IDS_OF_ONE_REQUEST = 2500
# Between two looks at something that came back.
_PAUSE = timedelta(seconds=20)
_POSTPONED = timedelta(minutes=2)
_REFUSED = timedelta(hours=1)
_CALLS = 3
# OWNED_UNTIL lies at most five minutes ahead: by then a step that was under way has saved itself.
# Counted from the first look. Whether it has been made is told by when the job ended, by another machine's
# clock perhaps: where that is ahead, one look more is made.
_SECOND_LOOK = timedelta(minutes=6)
# What was called for so soon after its list was read may have been so without a look.
_BY_ITS_LIST = timedelta(seconds=FRESH_SECONDS) + CLOCKS_APART
# Between a look and the end of its call nothing has waited longer than its whole job: batches are queued,
# and one that was slow to stop holds up those behind it. The risk of a job as short as this is borne.
_SHORT = timedelta(seconds=5)
# Since it was first seen: one that is still being executed is left alone no longer than this ...
_LIMIT = timedelta(minutes=20)
# ... and one that could not be called for, as the portal carried no call out, no longer than this.
_GIVE_UP = timedelta(hours=24)


def next_job(portal_id: int) -> Job | None:
    """Return a finished job of the portal whose look is due."""
    due = Job.objects.filter(portal_id=portal_id, ghosts_due_at__lte=Now())
    return due.select_related("portal", "grant__portal").order_by("ghosts_due_at").first()


def look(
    turn: HeldTurn, job: Job, client: Client, reserve: Callable[[int], Reservation | Spent]
) -> Errand[None]:
    """Look for what came back of a finished job, stop it again, and note when to look next.

    ``reserve`` reserves execution time for one request of so many calls, perhaps for fewer. Raises
    TurnLostError.
    """
    try:
        is_back = False
        spent_until: datetime | None = None
        position = -1
        while stopped := _stopped(job, position):
            ids = [workflow_id for _, workflow_id, _, _ in stopped]
            is_sure = all(outcome == Outcome.TERMINATED for _, _, outcome, _ in stopped)
            fields = methods.LOCK_FIELDS if is_sure else methods.FIELDS
            rows = yield partial(methods.running, client, ids, fields=fields)
            known = [workflow_id for _, workflow_id, _, reason in stopped if reason == Reason.CAME_BACK]
            ghost_records.note_who_is_there(turn, job, known, rows)
            there = _returned(job, rows)
            is_back = is_back or bool(there)
            again = _record(turn, job, there, rows)
            if again and spent_until is None:
                spent_until = yield from _stop_again(turn, client, again, reserve)
            position = stopped[-1][0]
    except errors.BitrixError as error:
        logger.warning("The look after job %s is postponed: %s", job.pk, error)
        if _is_in_vain(job):
            ghost_records.give_up(turn, job)
        else:
            refuses = isinstance(error, errors.PortalRefused | errors.RestBlocked)
            ghost_records.note_next_look(turn, job, _REFUSED if refuses else _POSTPONED)
        return
    waits = [_wait_until_next_look(job, is_back=is_back)]
    if spent_until is not None:
        waits.append(max(spent_until - timezone.now(), timedelta(0)))
    ghost_records.note_next_look(turn, job, max((wait for wait in waits if wait is not None), default=None))


def end_void_looks(turn: HeldTurn) -> None:
    """Look no more for the turn's portal where the installation has ended. Raises TurnLostError."""
    for job in Job.objects.filter(VOID, portal_id=turn.portal_id, ghosts_due_at__isnull=False):
        ghost_records.give_up(turn, job)


def _stopped(job: Job, after: int) -> list[tuple[int, str, str, str]]:
    """Return position, workflow ID, outcome and reason of the next ones, as many as one request asks for.

    Not the items themselves: of 2,500 they are six megabytes, and few come back.
    """
    stopped = ghost_records.looked_for(job).filter(position__gt=after)
    return list(stopped.values_list("position", "workflow_id", "outcome", "reason")[:_IDS_OF_ONE_REQUEST])


def _returned(job: Job, rows: Mapping[str, methods.Instance]) -> list[Item]:
    """Return the items whose workflow is among ``rows``; after an error an empty entry must prove it."""
    if not rows:
        return []
    found = ghost_records.looked_for(job).filter(workflow_id__any_of=list(rows))
    return [item for item in found if item.outcome == Outcome.TERMINATED or rows[item.workflow_id].is_ghost]


def _stop_again(
    turn: HeldTurn, client: Client, again: Sequence[Item], reserve: Callable[[int], Reservation | Spent]
) -> Errand[datetime | None]:
    """Call for what is idle again; return until when the portal's execution time is spent, if it is.

    What it does not suffice for now is left to the next look. Raises the BitrixError of a request, or of one
    of its calls, that was not carried out.
    """
    for batch in _batches(again):
        reserved = reserve(len(batch))
        if isinstance(reserved, Spent):
            return None if reserved.under_way else permits.moment_of(reserved)
        called = batch[: reserved.calls]
        ghost_records.count(turn, called)
        stop = partial(methods.stop, client, {item.workflow_id: item.message for item in called})
        try:
            answer: methods.Stopped = yield ReservedRequest(stop, reserved)
        except (*NOT_EXECUTED, errors.OurMistake, NotSentError):
            ghost_records.take_back(turn, called)
            raise
        # What came of those that were carried out, the next look tells.
        endings = {item: answer.endings[item.workflow_id] for item in called}
        confirmed = [item for item, ending in endings.items() if ending is True]
        failed = [item for item, ending in endings.items() if isinstance(ending, errors.MethodFailed)]
        ghost_records.note_answers(turn, confirmed, failed)
        refused = {one: error for one, error in answer.endings.items() if isinstance(error, NOT_EXECUTED)}
        if refused:
            ghost_records.take_back(turn, [item for item in called if item.workflow_id in refused])
            raise next(iter(refused.values()))
    return None


def _batches(again: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Part items as they may go together: who had to go alone, or in small batches, does so here too."""
    for limit, alike in groupby(sorted(again, key=_batch_limit), key=_batch_limit):
        yield from in_parts(list(alike), limit)


def _batch_limit(item: Item) -> int:
    return item.batch_limit


def _record(
    turn: HeldTurn, job: Job, back: Sequence[Item], rows: Mapping[str, methods.Instance]
) -> list[Item]:
    """Write down what came back and what could not be stopped; return what may be stopped once more."""
    if not back:
        return []
    now = timezone.now()
    executing = {item.workflow_id for item in back if rows[item.workflow_id].is_executing(now)}
    first_seen = ghost_records.first_seen(job, back)
    staying: list[Item] = []
    again: list[Item] = []
    for item in back:
        seen_for = now - first_seen.get(item.workflow_id, now)
        patience = _LIMIT if item.workflow_id in executing else _GIVE_UP
        if item.ghost_calls >= _CALLS or seen_for >= patience:
            if not ghost_records.may_be_at_work(item, now):
                staying.append(item)
        elif item.workflow_id not in executing:
            again.append(item)
    new = [item for item in back if item.reason != Reason.CAME_BACK and item not in staying]
    ghost_records.amend(turn, job, {Reason.CAME_BACK: new, Reason.CAME_BACK_STAYS: staying})
    return again


def _is_in_vain(job: Job) -> bool:
    """Say whether looks have failed for long enough: since the job's end, and since something came back."""
    longest_ago = timezone.now() - _GIVE_UP
    if job.finished_at is None or job.finished_at >= longest_ago:
        return job.finished_at is None
    seen = ghost_records.first_seen(job, ghost_records.came_back(job))
    return all(moment < longest_ago for moment in seen.values())


def _wait_until_next_look(job: Job, *, is_back: bool) -> timedelta | None:
    """Return how long to wait: not long if something came back, longer if something had been executing, or
    may have been: nobody looks between a list, or a look, and the call for what it showed idle.
    """
    if is_back:
        return _PAUSE
    was_the_second = job.finished_at is None or timezone.now() - job.finished_at >= _SECOND_LOOK
    if was_the_second:
        return None
    # Another call for what came back has overwritten when the first one left.
    by_its_list = Q(sent_at__lte=F("idle_at") + Value(_BY_ITS_LIST)) | Q(
        idle_at__isnull=False, ghost_calls__gt=0
    )
    may_be_late = Q(executing_since__isnull=False) | by_its_list
    return None if _was_short(job) and not job.items.filter(may_be_late).exists() else _SECOND_LOOK


def _was_short(job: Job) -> bool:
    """Say whether all of a job's looks and calls lay in a few seconds; two clocks may have told a beginning
    after the end, and then nobody knows.
    """
    if job.started_at is None or job.finished_at is None:
        return False
    return timedelta(0) <= job.finished_at - job.started_at < _SHORT
