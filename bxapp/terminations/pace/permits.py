"""What a portal's limits allow its jobs: how many requests may leave, whether a batch fits the budget."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from bxapp.bitrix import limits
from bxapp.bitrix.errors import OperatingLimited
from bxapp.bitrix.limits import Priority, Reservation, Settlement, Spent
from bxapp.portals.limits import bucket_of, budget_of
from bxapp.terminations.pace.batch_sizes import Allowance
from bxapp.terminations.pace.past_calls import calls_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bxapp.bitrix.answers import Timing
    from bxapp.portals.models import Portal

METHOD = "bizproc.workflow.terminate"
# What a call is taken to last as long as nothing is known of the portal.
_UNKNOWN_CALL_SECONDS = 2.0
# As long as few calls are known, others may be longer than they by this factor.
_SPREAD = 3.0
# Where no request waits at the portal, it surely begins within this time after it left.
_LAUNCH_SECONDS = 0.5


class Permits:
    """The limits of one portal, as the engine asks for them."""

    def __init__(self, portal: Portal) -> None:
        self._bucket = bucket_of(portal)
        self._budget = budget_of(portal, METHOD)
        # This process holds the portal's turn: all calls are in the database, and nobody else sends any.
        self._calls_within = partial(calls_within, portal.pk)
        # Counted, and not used yet.
        self._in_hand = 0
        self._more: int | None = 0
        self._waits_until = 0.0
        # Of all calls so far, the network included: an upper bound as long as no stamps told better.
        self._longest_call = 0.0

    def allowance(self) -> Allowance:
        """Return how many requests jobs may send now; one of them is counted by asking."""
        if not self._in_hand:
            self._take(1)
        wait = max(0.0, self._waits_until - monotonic())
        rate = self._bucket.rate
        if self._more is None:
            return Allowance()
        return Allowance(
            self._in_hand + self._more if self._in_hand else 0,
            float(rate.drain_per_second if rate else limits.STANDARD.drain_per_second),
            wait or None,
        )

    def requests(self, count: int) -> int:
        """Count up to ``count`` requests of a job; return how many may leave."""
        if count > self._in_hand:
            self._take(count - self._in_hand)
        granted = min(count, self._in_hand)
        self._in_hand -= granted
        return granted

    def request_at_once(self) -> bool:
        """Count one request of a job so small that somebody may wait for it: out of the screen's reserve."""
        if self._in_hand:
            self._in_hand -= 1
            return True
        grant = self._bucket.take(1, Priority.SCREEN)
        if not grant.granted:
            self._waits_until = max(self._waits_until, monotonic() + grant.wait_seconds)
        return bool(grant.granted)

    def give_back(self, count: int) -> None:
        """Keep requests that were counted and not sent, for the next ones."""
        self._in_hand += count

    @property
    def wait_seconds(self) -> float:
        """How long until the next request of a job may leave, as far as is known."""
        return max(0.0, self._waits_until - monotonic())

    def reserve(
        self, sizes: Sequence[int], seconds_each: float | None, *, at_once: bool
    ) -> list[Reservation | Spent]:
        """Reserve execution time for requests of so many calls each, perhaps for fewer than asked for.

        ``seconds_each``: what a call takes at most, None where nothing is known. ``at_once``: no request
        waits at the portal, so that single calls may begin before others are counted.
        """
        launch = _LAUNCH_SECONDS if at_once else None
        if seconds_each is None:
            seconds_each = _SPREAD * self._longest_call or _UNKNOWN_CALL_SECONDS
        return self._budget.reserve_all(
            sizes, seconds_each, launch_seconds=launch, calls_within=self._calls_within
        )

    def settle(self, requests: Iterable[tuple[Reservation, float, Sequence[Timing]]]) -> None:
        """Tell what requests spent: seconds until the answer, and the stamps of the calls in their order."""
        told: list[tuple[Reservation, Settlement]] = []
        for reservation, seconds, stamps in requests:
            self._longest_call = max(self._longest_call, seconds / reservation.calls)
            told.append((reservation, _settlement(seconds, stamps)))
        if told:
            self._budget.settle_all(told)

    def forget(self, reservation: Reservation) -> None:
        """Give the time of a request back that has never been executed."""
        self._budget.forget(reservation)

    def note_refusals(self, errors: Iterable[object]) -> None:
        """Tell that calls were refused for their execution time, once for a whole request."""
        refused = [error for error in errors if isinstance(error, OperatingLimited)]
        if refused:
            moments = [error.reset_at.timestamp() for error in refused if error.reset_at]
            self._budget.refused(max(moments, default=None))

    def _take(self, count: int) -> None:
        if monotonic() < self._waits_until:
            return
        grant = self._bucket.take(count, Priority.WORK)
        self._in_hand += grant.granted
        self._more = grant.more
        self._waits_until = 0.0 if grant.granted else monotonic() + grant.wait_seconds


def _settlement(seconds: float, stamps: Sequence[Timing]) -> Settlement:
    finishes = [stamp.finish for stamp in stamps if stamp.finish is not None]
    last = stamps[-1] if stamps else None
    return Settlement(
        seconds,
        first_finish=finishes[0] if finishes else None,
        last_finish=finishes[-1] if finishes else None,
        operating=last.operating if last else None,
        reset_at=last.operating_reset_at.timestamp() if last and last.operating_reset_at else None,
        heard=last is not None,
    )


def moment_of(spent: Spent) -> datetime:
    """Return when a spent budget is there again."""
    return datetime.fromtimestamp(spent.until, UTC)


def work_seconds(stamps: Sequence[Timing]) -> float | None:
    """Return how long the portal worked on a request, None where the stamps do not tell."""
    return limits.work_seconds([stamp.finish for stamp in stamps if stamp.finish is not None])
