"""What may be written about an item: it ended, it is in doubt, or it waits for its turn (again)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bxapp.terminations.states import Doubt, ItemState, Outcome, Reason

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """The item is done, for this reason; ``words`` are the portal's own."""

    outcome: Outcome
    reason: Reason = Reason.NONE
    words: str = ""
    other_job_id: int | None = None

    def fields(self, now: datetime) -> dict[str, Any]:
        """Return the columns to write."""
        return {
            "state": ItemState.DONE,
            "outcome": self.outcome,
            "reason": self.reason,
            "portal_words": self.words,
            "other_job_id": self.other_job_id,
            "finished_at": now,
            "doubt": Doubt.NONE,
            "lease": None,
            "not_before": None,
        }


@dataclass(frozen=True, slots=True)
class Doubting:
    """Only the portal's list can tell what became of the call. Counts are the new values."""

    doubt: Doubt
    words: str
    attempts: int
    unheard_calls: int
    breaks: int

    def fields(self, _now: datetime) -> dict[str, Any]:
        """Return the columns to write; the lease stays, because it tells which items were one batch."""
        return {
            "state": ItemState.UNSURE,
            "doubt": self.doubt,
            "portal_words": self.words,
            "attempts": self.attempts,
            "unheard_calls": self.unheard_calls,
            "breaks": self.breaks,
            "not_before": None,
        }


@dataclass(frozen=True, slots=True)
class AskingLater:
    """Still in doubt: a call that was sent may still be at work in the portal until ``not_before``."""

    not_before: datetime

    def fields(self, _now: datetime) -> dict[str, Any]:
        """Return the columns to write."""
        return {"not_before": self.not_before}


@dataclass(frozen=True, slots=True)
class Requeued:
    """Nothing stopped it; its turn comes again, not before a moment if one is given."""

    not_before: datetime | None = None
    batch_limit: int | None = None
    executing_since: datetime | None = None
    # It was seen still there after every call without an answer was over: none of them has stopped it.
    calls_did_nothing: bool = False

    def fields(self, _now: datetime) -> dict[str, Any]:
        """Return the columns to write."""
        written: dict[str, Any] = {
            "state": ItemState.QUEUED,
            "doubt": Doubt.NONE,
            "lease": None,
            "not_before": self.not_before,
            "executing_since": self.executing_since,
        }
        if self.batch_limit is not None:
            written["batch_limit"] = self.batch_limit
        if self.calls_did_nothing:
            written["unheard_calls"] = 0
        return written


Change = Ending | Doubting | AskingLater | Requeued
