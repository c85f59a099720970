"""What a job does when a whole request was refused or brought nothing: a pause, or waiting for a person.

A waiting job holds neither the turn nor a worker. Its items keep their state: what is in doubt stays in doubt
until the portal can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.audit.texts import storable
from bxapp.bitrix import errors
from bxapp.bitrix.limits import CLOUD
from bxapp.portals import lifecycle
from bxapp.terminations.changes import Ending
from bxapp.terminations.jobs import recording, rights, verdicts
from bxapp.terminations.states import BlockedReason, ItemState, JobState, Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bxapp.portals.models import AccessGrant
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Job

_RATE_PAUSE_MAX = timedelta(minutes=1)
_SILENT_PAUSE = timedelta(seconds=5)
_SILENT_PAUSE_MAX = timedelta(minutes=10)
# So many requests in a row without a usable answer, and the person is told.
_SILENT_TOLD_AFTER = 3
_SILENT_LIMIT = timedelta(hours=24)
_OPERATING_PAUSE = timedelta(minutes=1)
# The portal's clock may be wrong by days; no record and no ban is there for longer than this.
_OPERATING_PAUSE_MAX = timedelta(seconds=CLOUD.longest_refusal)
_REFUSED_PAUSE = timedelta(hours=1)
# These stay as a person wants them while the job waits to hear of what is under way.
_HELD = (JobState.PAUSED, JobState.CANCELLING)
# What an answer may change of a job.
_WAITING = (
    "state",
    "blocked_reason",
    "failures_in_a_row",
    "not_before",
    "silent_since",
    "calls_refused_since",
)


@dataclass(frozen=True, slots=True)
class _Wait:
    """Why and until when a job waits; without a moment it waits for a person."""

    reason: BlockedReason
    until: datetime | None
    silent: bool = False


def wait_after(job: Job, error: errors.BitrixError, now: datetime) -> _Wait:
    """Return how a job waits after ``error`` of a whole request, or of a command that was not executed."""
    match error:
        case errors.RightsLost():
            return _Wait(BlockedReason.RIGHTS_LOST, None)
        case errors.UserRefused() | errors.NotGenuine():
            return _Wait(BlockedReason.OPEN_AGAIN, None)
        case errors.PortalRefused() | errors.RestBlocked():
            return _Wait(BlockedReason.PORTAL_REFUSES, now + _REFUSED_PAUSE)
        case errors.OperatingLimited(reset_at=reset_at) if reset_at is not None and reset_at > now:
            return _Wait(BlockedReason.PORTAL_LIMIT, min(reset_at, now + _OPERATING_PAUSE_MAX))
        case errors.OperatingLimited():
            return _Wait(BlockedReason.PORTAL_LIMIT, now + _asked(error, _OPERATING_PAUSE))
        case errors.RateLimited():
            growing = min(timedelta(seconds=2) * 2 ** min(job.failures_in_a_row, 10), _RATE_PAUSE_MAX)
            return _Wait(BlockedReason.PORTAL_LIMIT, now + _asked(error, growing))
    growing = min(_SILENT_PAUSE * 2 ** min(job.failures_in_a_row, 10), _SILENT_PAUSE_MAX)
    told = job.failures_in_a_row + 1 >= _SILENT_TOLD_AFTER or isinstance(error, errors.OurMistake)
    return _Wait(BlockedReason.PORTAL_SILENT if told else BlockedReason.NONE, now + growing, silent=True)


def block(
    turn: HeldTurn, job: Job, error: errors.BitrixError, *, used: AccessGrant, of_call: bool = False
) -> bool:
    """Let a job wait as ``error`` demands; after a day without a usable answer its items end as failed.

    ``used``: in whose name the request was sent. Where that one is refused, and the job has another's rights
    by now, it goes on with those, and False is returned. ``of_call``: a call was refused. Then only a heard
    call says that all is well again: a portal may answer every question and refuse every call, for instance
    because something before it drops large requests.

    Whoever has lost the rights of an administrator loses all sessions too, as when a page finds it out.
    Raises TurnLostError.
    """
    if isinstance(error, errors.RightsLost):
        lifecycle.expel(used)
    now = timezone.now()
    with transaction.atomic():
        turn.confirm()
        locked = recording.lock(job)
        if not locked.is_open:
            return True
        wait = wait_after(locked, error, now)
        if wait.reason in rights.WAITS_FOR_PERSON and locked.grant_id != used.pk:
            return False
        if _silence(locked, now, silent=wait.silent, of_call=of_call) >= _SILENT_LIMIT:
            _give_up(locked, error)
            if not locked.is_open:
                return True
        words = storable(error.words or error.code)
        if wait.reason in rights.WAITS_FOR_PERSON and (other := rights.substitute(locked)) is not None:
            rights.hand_over(locked, other, words)
            return True
        if wait.reason not in {BlockedReason.NONE, BlockedReason.PORTAL_LIMIT, locked.blocked_reason}:
            log.append([_entry(locked, AuditEntry.Kind.JOB_BLOCKED, wait.reason, words)])
        if wait.reason:
            locked.blocked_at = locked.blocked_at if locked.blocked_reason == wait.reason else now
            if locked.state not in _HELD:
                locked.state = JobState.BLOCKED
        locked.blocked_reason = wait.reason
        locked.portal_words = words
        locked.not_before = wait.until
        locked.failures_in_a_row += 1
        locked.save()
    return True


def wait_for_limit(turn: HeldTurn, job: Job, until: datetime) -> None:
    """Let a job that may send wait for a limit of the portal that would refuse its next call.

    Raises TurnLostError.
    """
    with transaction.atomic():
        turn.confirm()
        locked = recording.lock(job)
        if locked.state not in {JobState.QUEUED, JobState.RUNNING}:
            return
        locked.state, locked.blocked_reason = JobState.BLOCKED, BlockedReason.PORTAL_LIMIT
        locked.blocked_at, locked.not_before, locked.portal_words = timezone.now(), until, ""
        locked.save()


def answered(turn: HeldTurn, job: Job) -> None:
    """Note that the portal answered a question: a waiting job goes on with short pauses, and a new one runs.

    One whose calls are refused tries again, no more. Writes nothing where nothing changes. Raises
    TurnLostError.
    """
    is_well = not job.blocked_reason and not job.failures_in_a_row
    tries_already = job.calls_refused_since is not None and job.silent_since is None
    if job.state == JobState.RUNNING and (is_well or tries_already):
        return
    _go_on_locked(turn, job, go_on if job.calls_refused_since is None else _try_again)


def call_heard(turn: HeldTurn, job: Job) -> None:
    """Note that the portal carried calls out, after it had refused some. Raises TurnLostError."""
    if job.calls_refused_since is not None:
        _go_on_locked(turn, job, go_on)


def _go_on_locked(turn: HeldTurn, job: Job, step: Callable[[Job], None]) -> None:
    with transaction.atomic():
        turn.confirm()
        locked = recording.lock(job)
        if locked.is_open:
            step(locked)
    for name in _WAITING:
        setattr(job, name, getattr(locked, name))


def _try_again(locked: Job) -> None:
    """Let a locked open job send once more; why it waited, and how often in vain, stays."""
    if locked.state not in _HELD:
        locked.state = JobState.RUNNING
        locked.started_at = locked.started_at or timezone.now()
    locked.not_before = locked.silent_since = None
    locked.save()


def go_on(locked: Job) -> None:
    """Clear whatever a locked open job waits for, and note in the audit log that it goes on."""
    is_held = locked.state in _HELD
    if not is_held and locked.blocked_reason not in {BlockedReason.NONE, BlockedReason.PORTAL_LIMIT}:
        log.append([_entry(locked, AuditEntry.Kind.JOB_RESUMED, locked.blocked_reason, "")])
    if not is_held:
        locked.state = JobState.RUNNING
        locked.started_at = locked.started_at or timezone.now()
    locked.blocked_reason = BlockedReason.NONE
    locked.portal_words = ""
    locked.failures_in_a_row = 0
    locked.blocked_at = locked.not_before = locked.silent_since = locked.calls_refused_since = None
    locked.save()


def _silence(locked: Job, now: datetime, *, silent: bool, of_call: bool) -> timedelta:
    """Note on a locked job that a request was refused, or not answered (``silent``), and return for how long
    it has been so.

    A refusal that says why (a limit, the plan, lost rights) is an answer of a portal that is there: time
    counts anew from it. For a question it counts from the last answer; for a call from the first one that was
    refused, because questions may be answered in between.
    """
    if not silent:
        locked.silent_since = None
        if of_call or locked.calls_refused_since is not None:
            locked.calls_refused_since = now
        return timedelta(0)
    locked.silent_since = since = locked.silent_since or now
    if of_call:
        locked.calls_refused_since = since = locked.calls_refused_since or now
    return now - since


def _give_up(locked: Job, error: errors.BitrixError) -> None:
    """End what nothing is under way for. A call that is still out is recorded when its answer comes, or asked
    about when its lease ends; until then the job stays open and waits.
    """
    ending = Ending(Outcome.FAILED, Reason.UNREACHABLE, error.words or error.code)
    # Of a paused job the portal was asked about these only.
    states = [ItemState.UNSURE] if locked.state == JobState.PAUSED else [ItemState.QUEUED, ItemState.UNSURE]
    items = locked.items.filter(state__in=states)
    recording.apply(locked, {item: verdicts.of_lost_portal(item, ending) for item in items})


def _asked(error: errors.TryLater, otherwise: timedelta) -> timedelta:
    seconds = error.retry_after_seconds
    return otherwise if seconds is None else timedelta(seconds=min(max(seconds, 1.0), 3600.0))


def _entry(job: Job, kind: AuditEntry.Kind, reason: str, words: str) -> AuditEntry:
    return log.entry(
        job.portal,
        kind,
        actor_id=job.created_by_id,
        actor_name=job.created_by_name,
        job_id=job.pk,
        message=job.message,
        reason=reason,
        portal_words=words,
        count=job.total,
        **rights.whose(job),
    )
