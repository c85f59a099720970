"""The states of a job and of its items, and which may follow which."""

from __future__ import annotations

from django.db import models


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    # Nothing can go on until a person or the portal does something; the reason says what.
    BLOCKED = "blocked"
    # What is under way ends and is recorded; nothing new is begun.
    CANCELLING = "cancelling"
    FINISHED = "finished"


class ItemState(models.TextChoices):
    # Waits for its turn, or for the moment in ``not_before``.
    QUEUED = "queued"
    # A terminate call may be under way: held by exactly one lease.
    SENT = "sent"
    # The call's answer was never heard, or was an error: only the portal's list can tell.
    UNSURE = "unsure"
    DONE = "done"


class Outcome(models.TextChoices):
    TERMINATED = "terminated"
    ALREADY_FINISHED = "already_finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(models.TextChoices):
    """Why an item ended as it did; the sentences for people are in ``audit.sentences``."""

    NONE = ""
    GONE_BEFORE = "gone_before"  # not listed any more when its turn came
    GONE_AFTER_ERROR = "gone_after_error"  # the portal answered with an error, and it is not listed any more
    STOPPED_BY_OTHER_JOB = "stopped_by_other_job"
    ANSWER_LOST = "answer_lost"  # no answer came; confirmed gone
    STILL_THERE = "still_there"  # every attempt was answered with an error
    DAMAGED = "damaged"  # the same, and the portal's words say that its stored state is damaged
    BREAKS_PORTAL = "breaks_portal"  # every attempt made the portal itself fail
    BEING_EXECUTED = "being_executed"  # never idle while we waited
    UNREACHABLE = "unreachable"  # the portal gave no usable answer for a day, and no call was under way
    NEVER_HEARD = "never_heard"  # a call was under way, and the portal can no longer be asked about it
    CANCELLED_BY_PERSON = "cancelled_by_person"
    UNINSTALLED = "uninstalled"
    CAME_BACK = "came_back"  # returned as an empty entry and was stopped again
    CAME_BACK_STAYS = "came_back_stays"  # returned as an empty entry and could not be stopped


class Doubt(models.TextChoices):
    """Why an item is UNSURE: what the portal's list means depends on it."""

    NONE = ""
    ANSWERED_ERROR = "answered_error"  # the portal answered with an error for this very workflow
    ANSWER_LOST = "answer_lost"  # the call left, no usable answer came
    SERVER_FAILED = "server_failed"  # the whole request ended in a server error: one of its workflows did it
    WORKER_LOST = "worker_lost"  # the run that sent the call ended before it could record


class BlockedReason(models.TextChoices):
    NONE = ""
    OPEN_AGAIN = "open_again"  # the owner's token pair is refused
    RIGHTS_LOST = "rights_lost"  # the owner is no administrator any more
    PORTAL_REFUSES = "portal_refuses"  # plan, payment, scope
    PORTAL_SILENT = "portal_silent"  # unreachable or failing; tried again with growing pauses
    PORTAL_LIMIT = "portal_limit"  # a limit of the portal is used up; goes on by itself


JOB_TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.BLOCKED, JobState.CANCELLING, JobState.FINISHED}),
    JobState.RUNNING: frozenset({JobState.BLOCKED, JobState.CANCELLING, JobState.FINISHED}),
    JobState.BLOCKED: frozenset({JobState.RUNNING, JobState.CANCELLING, JobState.FINISHED}),
    JobState.CANCELLING: frozenset({JobState.FINISHED}),
    JobState.FINISHED: frozenset(),
}

ITEM_TRANSITIONS: dict[ItemState, frozenset[ItemState]] = {
    ItemState.QUEUED: frozenset({ItemState.SENT, ItemState.DONE}),
    ItemState.SENT: frozenset({ItemState.QUEUED, ItemState.UNSURE, ItemState.DONE}),
    ItemState.UNSURE: frozenset({ItemState.QUEUED, ItemState.DONE}),
    ItemState.DONE: frozenset(),
}
