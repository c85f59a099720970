"""What an answer of the portal, or a look at its list, means for an item: decisions without request or query.

The rules follow facts about ``bizproc.workflow.terminate`` (documentation, and ``bizproc`` of the on-premise
server): neither code nor text of an error tells whether a workflow still runs, only the list does; the
commands of a batch run one after the other, and a PHP failure in one of them ends the request there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bxapp.bitrix import errors
from bxapp.terminations.changes import AskingLater, Doubting, Ending, Requeued
from bxapp.terminations.clocks import CLOCKS_APART
from bxapp.terminations.states import Doubt, ItemState, JobState, Outcome, Reason

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.bitrix.methods import Instance
    from bxapp.terminations.changes import Change
    from bxapp.terminations.models import Item

# A workflow that an error was answered for is tried again twice, later each time.
ATTEMPTS = 3
_ATTEMPT_PAUSES = (timedelta(seconds=5), timedelta(seconds=30))

# Calls without an answer, for a workflow alone: longer patience, because the network may be to blame.
_UNHEARD_ALONE = 8
_LONGEST_PAUSE = timedelta(minutes=10)

# One that is being executed is left alone until it is idle, within reason.
EXECUTING_LIMIT = timedelta(minutes=10)
_EXECUTING_PAUSE_MIN = timedelta(seconds=2)
_EXECUTING_PAUSE_MAX = timedelta(seconds=30)

# After this time no call can still be at work in the portal: it ends every request within 60 s, and we wait
# for an answer for at most 5 + 65 s. The moment of the call is by the clock of the worker that sent it, and
# after a takeover another one compares it with its own. The margin is for these two. The database's clock
# would need none, but each verdict a query; all that the margin costs is that a job which was cancelled
# while a call went unheard says so a minute later.
CALL_IS_OVER = timedelta(seconds=75) + CLOCKS_APART

# The server's texts for a stored state that cannot be loaded (``workflow.php``, ``workflowpersister.php``,
# ``compositeactivity.php`` in ``bizproc/classes/general``).
_DAMAGED = (
    "EmptyWorkflowInstance",
    "WorkflowNotFound",
    "Empty root activity",
    "InvalidAttemptToLoad",
    "ActivitySetWorkflow",
)


def of_error(item: Item, error: errors.BitrixError) -> Doubting:
    """Return the doubt after the portal answered with an error for this very workflow."""
    return Doubting(
        Doubt.ANSWERED_ERROR, error.words or error.code, item.attempts + 1, item.unheard_calls, item.breaks
    )


def of_silence(item: Item, error: errors.BitrixError, *, alone: bool) -> Doubting:
    """Return the doubt after a request with this workflow, ``alone`` or not, brought no usable answer."""
    doubt = Doubt.ANSWER_LOST
    if isinstance(error, errors.Unheard) and error.server_failed:
        doubt = Doubt.SERVER_FAILED if error.request_is_over else Doubt.GATEWAY_FAILED
    return Doubting(
        doubt,
        error.words or error.code,
        item.attempts,
        item.unheard_calls + 1,
        item.breaks + alone,
    )


def of_orphan(item: Item) -> Doubting:
    """Return the doubt about a call whose run ended before it could record."""
    return Doubting(Doubt.WORKER_LOST, item.portal_words, item.attempts, item.unheard_calls + 1, item.breaks)


def of_gone(item: Item, stopped_by_job_id: int | None) -> Ending:
    """Return how an item ended whose workflow is not in the portal's list any more.

    ``stopped_by_job_id`` is another job that terminated the same workflow. Where a call's answer was lost,
    nobody can tell whether that call or the workflow itself brought the end; the reason says so.
    """
    if item.unheard_calls:
        return Ending(Outcome.TERMINATED, Reason.ANSWER_LOST)
    if stopped_by_job_id is not None:
        return Ending(
            Outcome.ALREADY_FINISHED, Reason.STOPPED_BY_OTHER_JOB, item.portal_words, stopped_by_job_id
        )
    if item.attempts:
        return Ending(Outcome.ALREADY_FINISHED, Reason.GONE_AFTER_ERROR, item.portal_words)
    return Ending(Outcome.ALREADY_FINISHED, Reason.GONE_BEFORE)


def of_executing(item: Item, now: datetime) -> Change:
    """Return what becomes of a queued item whose workflow is being executed right now."""
    since = item.executing_since or now
    waited = now - since
    if waited >= EXECUTING_LIMIT:
        return Ending(Outcome.FAILED, Reason.BEING_EXECUTED)
    pause = min(max(waited / 2, _EXECUTING_PAUSE_MIN), _EXECUTING_PAUSE_MAX)
    return Requeued(now + pause, executing_since=since, calls_did_nothing=calls_are_over(item, now))


def calls_are_over(item: Item, now: datetime) -> bool:
    """Say whether calls without an answer were sent, and none of them can be at work any more."""
    return bool(item.unheard_calls and item.sent_at and item.sent_at + CALL_IS_OVER <= now)


def of_survivor(item: Item) -> Requeued:
    """Return what is written of an idle one that is still there after its unheard calls are over."""
    return Requeued(executing_since=item.executing_since, calls_did_nothing=True)


def of_cancelled(item: Item, now: datetime) -> Change:
    """Return what becomes of an item of a cancelled job whose workflow is still in the list.

    A call whose answer was lost may still be at work; until that is over nobody may say "cancelled".
    """
    over = item.sent_at + CALL_IS_OVER if item.sent_at and item.unheard_calls else now
    if over <= now or _only_failed(item):
        return Ending(Outcome.CANCELLED, Reason.CANCELLED_BY_PERSON, item.portal_words)
    return AskingLater(over) if item.doubt else Requeued(over)


def of_doubt(
    item: Item, instance: Instance | None, job_state: str, now: datetime, other: int | None
) -> Change:
    """Return what becomes of an item in doubt, given the portal's row of its workflow, or None if it is gone.

    For a batch that ended in a server error see :func:`of_broken_batch`.
    """
    if instance is None:
        return of_gone(item, other)
    if exhausted := failure_of(item):
        return exhausted
    if job_state == JobState.CANCELLING:
        return of_cancelled(item, now)
    over = calls_are_over(item, now)
    if item.doubt == Doubt.ANSWERED_ERROR:
        return Requeued(now + _ATTEMPT_PAUSES[item.attempts - 1], calls_did_nothing=over)
    if item.doubt == Doubt.WORKER_LOST:
        return Requeued(calls_did_nothing=over)
    smaller = max(1, item.batch_limit // 2)
    return Requeued(_after_silence(item, now), batch_limit=smaller, calls_did_nothing=over)


def of_broken_batch(there: list[Item], now: datetime) -> dict[Item, Requeued]:
    """Return what becomes of the items of a batch that ended in a server error and that are still there.

    ``there`` is in the order of the batch. Commands run in order, so the first one that is still there is
    the suspect: it goes alone from now on, the others in smaller batches.
    """
    changes: dict[Item, Requeued] = {}
    for place, item in enumerate(there):
        limit = 1 if place == 0 else max(1, item.batch_limit // 2)
        pause = _ATTEMPT_PAUSES[item.breaks - 1] if 0 < item.breaks < ATTEMPTS else None
        not_before = now + pause if pause else None
        did_nothing = _only_failed(item) or calls_are_over(item, now)
        changes[item] = Requeued(not_before, batch_limit=limit, calls_did_nothing=did_nothing)
    return changes


def _only_failed(item: Item) -> bool:
    """Say whether its one call without an answer ended with PHP: still there, it was not stopped by that."""
    return item.doubt == Doubt.SERVER_FAILED and item.unheard_calls == 1


def _after_silence(item: Item, now: datetime) -> datetime | None:
    """Return when to send again: at once the first time, then after growing pauses."""
    times = max(item.unheard_calls, item.breaks)
    if times <= 1:
        return None
    pause: timedelta = timedelta(seconds=5) * 2 ** min(times - 2, 10)
    return now + min(pause, _LONGEST_PAUSE)


def failure_of(item: Item) -> Ending | None:
    """Return the failure of an item that is still there after everything was tried, else None."""
    if item.doubt == Doubt.ANSWERED_ERROR and item.attempts >= ATTEMPTS:
        damaged = any(text.lower() in item.portal_words.lower() for text in _DAMAGED)
        return Ending(Outcome.FAILED, Reason.DAMAGED if damaged else Reason.STILL_THERE, item.portal_words)
    limit = {
        Doubt.SERVER_FAILED: ATTEMPTS,
        Doubt.GATEWAY_FAILED: ATTEMPTS,
        Doubt.ANSWER_LOST: _UNHEARD_ALONE,
    }.get(Doubt(item.doubt))
    if limit is not None and item.breaks >= limit:
        return Ending(Outcome.FAILED, Reason.BREAKS_PORTAL, item.portal_words)
    return None


def of_lost_portal(item: Item, ending: Ending, now: datetime) -> Ending:
    """Return how an item ends when the portal can no longer be asked: ``ending`` if no call is in doubt."""
    may_be_at_work = item.unheard_calls and item.sent_at and item.sent_at + CALL_IS_OVER > now
    if item.state == ItemState.SENT or item.doubt or may_be_at_work:
        return Ending(Outcome.FAILED, Reason.NEVER_HEARD, item.portal_words)
    return ending
