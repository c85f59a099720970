"""What the portal itself knows of a workflow, set beside what the application says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.breaking.ledger import ItemRow, JobRow

# An answer that left the portal this long before somebody was killed may not have been recorded: a request is
# given 75 s, and what was done is not written for good before the transaction's end.
_UNRECORDED_SECONDS = 90.0
# The portal keeps whole seconds.
_PORTAL_ROUNDING = 1.5


@dataclass(frozen=True, slots=True)
class Call:
    """One ``terminate`` as the portal saw it, by true time."""

    at: float
    done_at: float
    by: int | None
    title: str
    result: str
    heard: bool

    def __str__(self) -> str:
        return f"call by {self.by} {self.title[:24]!r}: {self.result}, {'heard' if self.heard else 'unheard'}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A workflow by the portal's own record, with the moments when answers may have gone unheard."""

    id: str
    behaviour: str
    in_list: bool
    ended_how: str
    ended_at: float | None
    ended_by: int | None
    title: str
    became_ghost: bool
    calls: Sequence[Call]
    disturbances: Sequence[float]

    @classmethod
    def of(cls, told: Mapping[str, Any], disturbances: Sequence[float], wrong_by: float) -> Evidence:
        """``told`` as the sandbox's control tells it, by a clock that is wrong by so many seconds."""
        calls = [
            Call(
                call["at"] - wrong_by,
                (call["done_at"] or call["at"]) - wrong_by,
                call["by"],
                call["title"],
                call["result"],
                call["heard"],
            )
            for call in told["calls"]
        ]
        ended = told["ended_at"]
        return cls(
            told["id"],
            told["behaviour"],
            told["in_list"],
            told["ended_how"] or "",
            datetime.fromisoformat(ended).timestamp() - wrong_by if ended else None,
            told["ended_by"],
            told["title"],
            told["became_ghost"],
            sorted(calls, key=lambda call: call.at),
            disturbances,
        )

    def calls_of(self, item: ItemRow) -> list[Call]:
        """Return the calls that were made for an item: every job has a message of its own."""
        return [call for call in self.calls if call.title == item.message]

    def may_be_unheard(self, call: Call) -> bool:
        """Whether the application may never have known what became of a call."""
        return not call.heard or any(
            call.at - 1.0 <= moment <= call.done_at + _UNRECORDED_SECONDS for moment in self.disturbances
        )

    def was_stopped_by(self, calls: Sequence[Call]) -> bool:
        return any(call.result == "stopped" for call in calls)

    def ended_while(self, call: Call) -> bool:
        """Whether it came to its own end while a call was at work, which the portal cannot tell apart."""
        return self.ended_at is not None and (
            call.at - _PORTAL_ROUNDING <= self.ended_at <= call.done_at + _PORTAL_ROUNDING
        )

    def ran_at(self, moment: float, tolerance: float) -> bool:
        """Whether it was still there at a moment, as far as the portal's whole seconds tell."""
        if self.in_list or self.ended_at is None:
            return True
        return self.ended_at >= moment - tolerance - _PORTAL_ROUNDING


def objection(
    item: ItemRow, seen: Evidence, others: Mapping[int, tuple[JobRow, ItemRow]], tolerance: float
) -> str:
    """Return what speaks against the outcome of a finished item; "" when it is true.

    ``others`` are the items of other jobs for the same workflow, by job. ``tolerance``: seconds by which the
    clock that stamped the outcome may have been wrong.
    """
    own = seen.calls_of(item)
    stopped = seen.was_stopped_by(own)
    match item.outcome:
        case "terminated":
            return _against_terminated(item, seen, own)
        case "already_finished":
            return _against_already_finished(item, seen, own, others)
        case "failed" if item.reason == "never_heard":
            return "" if any(map(seen.may_be_unheard, own)) else "no call of this item was unheard"
        case "failed" if item.reason == "came_back_stays":
            return "" if seen.became_ghost and seen.in_list else "it is not there any more"
        case "failed" | "cancelled":
            if stopped:
                return "a call of this very item had stopped it"
            ran = seen.ran_at(item.finished_at or 0.0, tolerance)
            gone_for_others = item.outcome == "cancelled" or any(
                other.outcome == "terminated" for _, other in others.values()
            )
            return "" if ran or gone_for_others else "it was over by then"
    return f"there is no outcome {item.outcome!r}"


def _against_terminated(item: ItemRow, seen: Evidence, own: Sequence[Call]) -> str:
    if seen.in_list:
        return "it is still in the portal's list"
    if item.reason == "came_back":
        return "" if seen.became_ghost else "it never came back"
    confirmed = [call for call in own if call.result == "stopped" and call.heard]
    if item.reason == "answer_lost":
        if any(map(seen.may_be_unheard, own)):
            return ""
        # A call that was to leave when its sender was killed or frozen: nobody can know that it never did,
        # whatever came of later ones.
        first = min((call.at for call in own), default=inf)
        never_left = item.unheard_calls and any(moment < first for moment in seen.disturbances)
        return "" if never_left else "no call of this item was unheard"
    if not confirmed:
        return "the portal confirmed no call of this item"
    if seen.ended_how == "itself" and not any(map(seen.ended_while, confirmed)):
        return "it had come to its own end"
    return ""


def _against_already_finished(
    item: ItemRow,
    seen: Evidence,
    own: Sequence[Call],
    others: Mapping[int, tuple[JobRow, ItemRow]],
) -> str:
    if seen.in_list and not seen.became_ghost:
        return "it is still in the portal's list"
    if item.reason == "gone_after_error":
        return "" if any(call.result == "error" for call in own) else "no call was answered with an error"
    if seen.was_stopped_by(own):
        return "a call of this very item had stopped it"
    if item.reason == "stopped_by_other_job":
        named = others.get(item.other_job_id or 0)
        return "" if named and named[1].outcome == "terminated" else "the job it names has not terminated it"
    by_others = any(call.result == "stopped" and call not in own for call in seen.calls)
    refused = seen.behaviour == "title_refused" and any(call.result == "error" for call in seen.calls)
    return "" if seen.ended_how == "itself" or by_others or refused else "it ended in no such way"
