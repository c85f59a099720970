"""The states of a job and of its items, and which may follow which, and when.

This is the one place where they are told: the models take their choices from it, the database's triggers are
made of it (``guards.py``), and so is ``docs/states.md`` (``manage.py draw_states``).
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from django.db import models


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    BLOCKED = "blocked"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    FINISHED = "finished"


class ItemState(models.TextChoices):
    QUEUED = "queued"
    SENT = "sent"
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
    GONE_BEFORE = "gone_before"  # not in the list when its turn came
    GONE_AFTER_ERROR = "gone_after_error"  # the portal answered with an error, and it is not listed any more
    STOPPED_BY_OTHER_JOB = "stopped_by_other_job"
    ANSWER_LOST = "answer_lost"  # no answer came; confirmed gone
    STILL_THERE = "still_there"  # every attempt was answered with an error
    DAMAGED = "damaged"  # the same, and the portal's words say that its stored state is damaged
    BREAKS_PORTAL = "breaks_portal"  # every attempt made the portal itself fail
    BEING_EXECUTED = "being_executed"  # never idle while we waited
    UNREACHABLE = "unreachable"  # the portal gave no usable answer for a day, and no call was in doubt
    NEVER_HEARD = "never_heard"  # a call may have stopped it, and the portal can no longer be asked about it
    CANCELLED_BY_PERSON = "cancelled_by_person"
    UNINSTALLED = "uninstalled"
    CAME_BACK = "came_back"  # returned as an empty entry and was stopped again
    CAME_BACK_STAYS = "came_back_stays"  # returned as an empty entry and could not be stopped


class Doubt(models.TextChoices):
    """Why an item is UNSURE: what the portal's list means depends on it."""

    NONE = ""
    ANSWERED_ERROR = "answered_error"  # the portal answered with an error for this very workflow
    ANSWER_LOST = "answer_lost"  # the call left, no usable answer came
    SERVER_FAILED = "server_failed"  # PHP failed, and with it the request: one of its workflows did it
    GATEWAY_FAILED = "gateway_failed"  # likewise, by what stands before PHP, which may still be at work
    WORKER_LOST = "worker_lost"  # the run that sent the call ended before it could record


class BlockedReason(models.TextChoices):
    NONE = ""
    OPEN_AGAIN = "open_again"  # the owner's token pair is refused
    RIGHTS_LOST = "rights_lost"  # the owner is no administrator any more
    PORTAL_REFUSES = "portal_refuses"  # plan, payment, scope, a block for overload
    PORTAL_SILENT = "portal_silent"  # unreachable or failing; tried again with growing pauses
    PORTAL_LIMIT = "portal_limit"  # a limit of the portal is used up; goes on by itself


State = TypeVar("State", bound=models.TextChoices)
# From each state to those that may follow it, with the reason.
Transitions: TypeAlias = dict[State, dict[State, str]]

JOB_MEANINGS: dict[JobState, str] = {
    JobState.QUEUED: "Confirmed by a person; no request has left for it.",
    JobState.RUNNING: "The portal has answered, or calls may leave unasked; nothing keeps it from going on.",
    JobState.BLOCKED: "It waits for a person, for the portal or for a moment; the reason says what for.",
    JobState.PAUSED: "A person holds it. What is under way ends and is recorded; nothing new is begun.",
    JobState.CANCELLING: "A person ended it. What is under way ends and is recorded; nothing new is begun.",
    JobState.FINISHED: "Every item has an outcome.",
}

JOB_TRANSITIONS: Transitions[JobState] = {
    JobState.QUEUED: {
        JobState.RUNNING: "the portal answers, or what a fresh list showed idle is claimed",
        JobState.BLOCKED: "the first request is refused, nothing is heard, or a limit is known to be used up",
        JobState.PAUSED: "a person pauses it",
        JobState.CANCELLING: "a person cancels it",
        JobState.FINISHED: "every item has ended (the application was removed)",
    },
    JobState.RUNNING: {
        JobState.BLOCKED: "a request is refused, nothing is heard, or a limit is known to be used up",
        JobState.PAUSED: "a person pauses it",
        JobState.CANCELLING: "a person cancels it",
        JobState.FINISHED: "every item has ended",
    },
    JobState.BLOCKED: {
        JobState.RUNNING: "the portal answers, or somebody's rights are back",
        JobState.PAUSED: "a person pauses it",
        JobState.CANCELLING: "a person cancels it",
        JobState.FINISHED: "every item has ended",
    },
    JobState.PAUSED: {
        JobState.QUEUED: "a person lets it go on; it had not begun",
        JobState.RUNNING: "a person lets it go on",
        JobState.BLOCKED: "a person lets it go on; what it waited for has not happened yet",
        JobState.CANCELLING: "a person cancels it",
        JobState.FINISHED: "what was under way was the rest",
    },
    JobState.CANCELLING: {JobState.FINISHED: "every item has ended"},
    JobState.FINISHED: {},
}

ITEM_MEANINGS: dict[ItemState, str] = {
    ItemState.QUEUED: "Waits for its turn, or for a moment.",
    ItemState.SENT: "A call may be under way, held by exactly one lease.",
    ItemState.UNSURE: "The call's answer was an error, or was never heard: only the portal's list can tell.",
    ItemState.DONE: "It has an outcome.",
}

ITEM_TRANSITIONS: Transitions[ItemState] = {
    ItemState.QUEUED: {
        ItemState.SENT: "claimed, before the call leaves",
        ItemState.DONE: "gone, never idle, cancelled, or the portal can no longer be asked",
    },
    ItemState.SENT: {
        ItemState.QUEUED: "the call was refused before it was executed",
        ItemState.UNSURE: "an error, no usable answer, or the run that sent it has ended",
        ItemState.DONE: "the portal confirms",
    },
    ItemState.UNSURE: {
        ItemState.QUEUED: "still listed, so tried again",
        ItemState.DONE: "gone, every attempt spent, cancelled, or the portal can no longer be asked",
    },
    ItemState.DONE: {},
}

# Jobs and items begin here.
FIRST_JOB_STATE = JobState.QUEUED
FIRST_ITEM_STATE = ItemState.QUEUED

# What may still become of the outcome of an item that is DONE: only a look afterwards (``ghosts.py``) finds
# that what was terminated came back, by a confirmed call or by one that was answered with an error. From an
# outcome, whatever its reason, to outcome and reason.
_COMING_BACK = frozenset(
    {
        (Outcome.TERMINATED, Reason.CAME_BACK),
        (Outcome.FAILED, Reason.CAME_BACK_STAYS),
        (Outcome.FAILED, Reason.NEVER_HEARD),
    }
)
AMENDMENTS: dict[Outcome, frozenset[tuple[Outcome, Reason]]] = {
    Outcome.TERMINATED: _COMING_BACK,
    Outcome.ALREADY_FINISHED: _COMING_BACK,
}
