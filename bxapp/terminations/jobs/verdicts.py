"""What an answer of the portal, or a look at its list, means for an item: decisions without request or query.

The rules follow facts about ``bizproc.workflow.terminate`` (documentation, and ``bizproc`` of the on-premise
server): neither code nor text of an error tells whether a workflow still runs, only the list does; the
commands of a batch run one after the other, and a PHP failure in one of them ends the request there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bxapp.bitrix import errors, methods, transport
from bxapp.portals.clocks import CLOCKS_APART
from bxapp.terminations.changes import AskingLater, Doubting, Ending, Requeued
from bxapp.terminations.states import Doubt, JobState, Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
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
# Of what happened between two looks nobody can speak when the later one comes this long after its moment: its
# job was paused, or waited.
_LOOKS_APART = timedelta(minutes=3)
_EXECUTING_PAUSE_MIN = timedelta(seconds=2)
_EXECUTING_PAUSE_MAX = timedelta(seconds=30)

# After this time no call can still be at work in the portal. The moment of the call is by the clock of the
# worker that sent it, and after a takeover another one compares it with its own. The margin is for these two.
# The database's clock would need none, but each verdict a query; all that the margin costs is that a job
# which was cancelled while a call went unheard says so a minute later.
CALL_IS_OVER = timedelta(seconds=transport.TOTAL_SECONDS) + CLOCKS_APART

# The server's texts for a stored state that cannot be loaded (``workflow.php``, ``workflowpersister.php``,
# ``compositeactivity.php`` in ``bizproc/classes/general``).
_DAMAGED = (
    "EmptyWorkflowInstance",
    "WorkflowNotFound",
    "Empty root activity",
    "InvalidAttemptToLoad",
    "ActivitySetWorkflow",
)


@dataclass(frozen=True, slots=True)
class Stopped:
    """Another job that terminated a workflow: ``called_at`` is when, where the portal confirmed that call."""

    job_id: int
    called_at: datetime | None

    def confirmed_after(self, moment: datetime | None) -> bool:
        """Say whether it was called after ``moment``, and the portal confirmed that."""
        return self.called_at is not None and moment is not None and self.called_at > moment


def fields_to_see(items: Collection[Item]) -> Sequence[str]:
    """Return the fields to ask the portal for, of the workflows of ``items``: for :func:`still_running`."""
    return methods.FIELDS if any(item.unheard_calls for item in items) else methods.LOCK_FIELDS


def still_running(rows: Mapping[str, Instance], items: Iterable[Item]) -> dict[str, Instance]:
    """Return the rows of workflows that no call of ours has stopped, by ID.

    Left out is the empty entry of one that was being executed when a call, whose answer was lost, stopped it:
    that call did its work. What became of the entry is for the look afterwards, as after a ``true``.
    """
    stopped = {
        item.workflow_id
        for item in items
        if item.unheard_calls and item.module_id and item.workflow_id in rows
        if rows[item.workflow_id].is_ghost
    }
    return {workflow_id: row for workflow_id, row in rows.items() if workflow_id not in stopped}


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


def of_gone(item: Item, other: Stopped | None) -> Ending:
    """Return how an item ended whose workflow is not in the portal's list.

    One that was chosen from that list has ended. Of an ID that was typed nobody knows more than this.
    ``other``: another job terminated the same workflow. Where a call's answer was lost, nobody can tell
    whether that call or the workflow itself brought the end, and the reason says so; but where another job's
    later call was confirmed, the workflow still ran then.
    """
    is_others = other is not None and other.confirmed_after(item.sent_at)
    if item.unheard_calls and not is_others:
        return Ending(Outcome.TERMINATED, Reason.ANSWER_LOST)
    if other is not None:
        return Ending(Outcome.ALREADY_FINISHED, Reason.STOPPED_BY_OTHER_JOB, item.portal_words, other.job_id)
    if item.attempts:
        return Ending(Outcome.ALREADY_FINISHED, Reason.GONE_AFTER_ERROR, item.portal_words)
    return Ending(Outcome.ALREADY_FINISHED, Reason.GONE_BEFORE)


def of_executing(item: Item, now: datetime) -> Change:
    """Return what becomes of a queued item whose workflow is being executed right now.

    It has failed only when every look of ten minutes has shown it so, and none of them was missing.
    """
    since = now
    if item.executing_since and item.not_before and now - item.not_before <= _LOOKS_APART:
        # The last look has shown it so too.
        since = item.executing_since
    waited = now - since
    if waited >= EXECUTING_LIMIT:
        over_at = _over_at(item, now)
        if over_at <= now:
            return Ending(Outcome.FAILED, Reason.BEING_EXECUTED)
        return Requeued(over_at, executing_since=since)
    pause = min(max(waited / 2, _EXECUTING_PAUSE_MIN), _EXECUTING_PAUSE_MAX)
    return Requeued(now + pause, executing_since=since, calls_did_nothing=calls_are_over(item, now))


def calls_are_over(item: Item, now: datetime) -> bool:
    """Say whether calls without an answer were sent, and none of them can be at work any more."""
    return bool(item.unheard_calls and item.sent_at and item.sent_at + CALL_IS_OVER <= now)


def of_idle(item: Item, now: datetime) -> Requeued | None:
    """Return what is written of a queued item whose workflow is idle; None where there is nothing to write.

    There is where its unheard calls are over and so did nothing, and where it had been executed until now.
    """
    over = calls_are_over(item, now)
    if not (over or item.waits_until_idle):
        return None
    return Requeued(executing_since=item.executing_since, calls_did_nothing=over)


def of_cancelled(item: Item, now: datetime) -> Change:
    """Return what becomes of an item of a cancelled job whose workflow is still in the list.

    A call whose answer was lost may still be at work; until that is over nobody may say "cancelled".
    """
    over_at = _over_at(item, now)
    if over_at <= now:
        return Ending(Outcome.CANCELLED, Reason.CANCELLED_BY_PERSON, item.portal_words)
    return AskingLater(over_at) if item.doubt else Requeued(over_at)


def of_doubt(
    item: Item, instance: Instance | None, job_state: str, now: datetime, other: Stopped | None
) -> Change:
    """Return what becomes of an item in doubt, given the portal's row of its workflow, or None if it is gone.

    For a batch that ended in a server error see :func:`of_broken_batch`.
    """
    if instance is None:
        return of_gone(item, other)
    if exhausted := failure_of(item):
        # The last call may still be at work behind a gateway that has given up.
        over_at = _over_at(item, now)
        return exhausted if over_at <= now else AskingLater(over_at)
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


def _over_at(item: Item, now: datetime) -> datetime:
    """Return when no call without an answer can be at work any more; ``now`` when none can be already."""
    if not item.unheard_calls or item.sent_at is None or _only_failed(item):
        return now
    return max(now, item.sent_at + CALL_IS_OVER)


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


def of_lost_portal(item: Item, ending: Ending) -> Ending:
    """Return how an item without a call under way ends when the portal can no longer be asked: ``ending`` if
    no call is in doubt.

    Once a call without an answer is over, its work may be done. That it was not is known only from a look
    that shows the workflow still there after that, and such a look takes the call out of ``unheard_calls``.
    """
    if item.doubt or item.unheard_calls:
        return Ending(Outcome.FAILED, Reason.NEVER_HEARD, item.portal_words)
    return ending
