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
from bxapp.portals import lifecycle
from bxapp.terminations.changes import Ending
from bxapp.terminations.jobs import recording, rights, verdicts
from bxapp.terminations.states import BlockedReason, ItemState, JobState, Outcome, Reason

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Job

_RATE_PAUSE_MAX = timedelta(minutes=1)
_SILENT_PAUSE = timedelta(seconds=5)
_SILENT_PAUSE_MAX = timedelta(minutes=10)
# So many requests in a row without a usable answer, and the person is told.
_SILENT_TOLD_AFTER = 3
_SILENT_LIMIT = timedelta(hours=24)
_OPERATING_PAUSE = timedelta(minutes=1)
_REFUSED_PAUSE = timedelta(hours=1)
# These stay as a person wants them while the job waits to hear of what is under way.
_HELD = (JobState.PAUSED, JobState.CANCELLING)


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
        case errors.UserRefused() | errors.NotGenuine() | errors.RefreshNeeded():
            return _Wait(BlockedReason.OPEN_AGAIN, None)
        case errors.PortalRefused():
            return _Wait(BlockedReason.PORTAL_REFUSES, now + _REFUSED_PAUSE)
        case errors.OperatingLimited(reset_at=reset_at) if reset_at is not None and reset_at > now:
            return _Wait(BlockedReason.PORTAL_LIMIT, reset_at)
        case errors.OperatingLimited():
            return _Wait(BlockedReason.PORTAL_LIMIT, now + _asked(error, _OPERATING_PAUSE))
        case errors.RateLimited():
            growing = min(timedelta(seconds=2) * 2 ** min(job.failures_in_a_row, 10), _RATE_PAUSE_MAX)
            return _Wait(BlockedReason.PORTAL_LIMIT, now + _asked(error, growing))
    growing = min(_SILENT_PAUSE * 2 ** min(job.failures_in_a_row, 10), _SILENT_PAUSE_MAX)
    told = job.failures_in_a_row + 1 >= _SILENT_TOLD_AFTER
    return _Wait(BlockedReason.PORTAL_SILENT if told else BlockedReason.NONE, now + growing, silent=True)


def block(turn: HeldTurn, job: Job, error: errors.BitrixError) -> None:
    """Let a job wait as ``error`` demands; after a day without a usable answer its items end as failed.

    Whoever has lost the rights of an administrator loses all sessions too, as when a page finds it out.
    Raises TurnLostError.
    """
    if isinstance(error, errors.RightsLost):
        lifecycle.expel(job.grant)
    now = timezone.now()
    with transaction.atomic():
        turn.confirm()
        locked = recording.lock(job)
        if not locked.is_open:
            return
        wait = wait_after(locked, error, now)
        silent_since = (locked.silent_since or now) if wait.silent else None
        if silent_since is not None and now - silent_since >= _SILENT_LIMIT:
            _give_up(locked, error)
            return
        words = storable(error.words or error.code)
        if wait.reason in rights.WAITS_FOR_PERSON and (other := rights.substitute(locked)) is not None:
            rights.hand_over(locked, other, words)
            return
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
        locked.silent_since = silent_since
        locked.save()


def wait_for_limit(turn: HeldTurn, job: Job, until: datetime) -> None:
    """Let a running job wait for a limit of the portal that would refuse its next call.

    Raises TurnLostError.
    """
    with transaction.atomic():
        turn.confirm()
        locked = recording.lock(job)
        if locked.state != JobState.RUNNING:
            return
        locked.state, locked.blocked_reason = JobState.BLOCKED, BlockedReason.PORTAL_LIMIT
        locked.blocked_at, locked.not_before, locked.portal_words = timezone.now(), until, ""
        locked.save()


def answered(turn: HeldTurn, job: Job) -> None:
    """Note that the portal answered: a waiting job goes on, its pauses start anew, and a new one runs.

    Writes nothing where nothing changes. Raises TurnLostError.
    """
    if job.state == JobState.RUNNING and not job.blocked_reason and not job.failures_in_a_row:
        return
    with transaction.atomic():
        turn.confirm()
        locked = recording.lock(job)
        if locked.is_open:
            go_on(locked)
    job.refresh_from_db(fields=["state", "blocked_reason", "failures_in_a_row", "not_before"])


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
    locked.blocked_at = locked.not_before = locked.silent_since = None
    locked.save()


def _give_up(locked: Job, error: errors.BitrixError) -> None:
    ending = Ending(Outcome.FAILED, Reason.UNREACHABLE, error.words or error.code)
    items = locked.items.exclude(state=ItemState.DONE)
    if locked.state == JobState.PAUSED:
        # The portal was asked about these only.
        items = items.exclude(state=ItemState.QUEUED)
    now = timezone.now()
    recording.apply(locked, {item: verdicts.of_lost_portal(item, ending, now) for item in items})


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
