"""What a portal's limits allow its jobs: how many requests may leave, whether a batch fits the budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from bxapp.bitrix import limits
from bxapp.bitrix.errors import OperatingLimited
from bxapp.bitrix.limits import Priority, Reservation, Settlement, Spent
from bxapp.bitrix.methods.terminating import METHOD
from bxapp.portals.limits import bucket_of, budget_of
from bxapp.portals.past_requests import limits_execution_time, longest_call_within
from bxapp.terminations.pace.batch_sizes import Allowance
from bxapp.terminations.pace.past_calls import calls_within
from bxapp.terminations.pace.portal_memory import spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bxapp.bitrix.answers import Timing
    from bxapp.bitrix.errors import BitrixError
    from bxapp.portals.models import Portal

# What a call is taken to last as long as nothing is known of the portal.
_UNKNOWN_CALL_SECONDS = 2.0
# Calls that count as known: of this time, as an earlier process may have been killed before it kept its pace.
_LATELY_SECONDS = 3600.0
# Where no request waits at the portal, it surely begins within this time after it left.
_LAUNCH_SECONDS = 0.5


class Permits:
    """The limits of one portal, as the engine asks for them."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._journal_is_read = False
        self._bucket = bucket_of(portal)
        self._budget = budget_of(portal, METHOD)
        # Before this turn another process may have had one since this process's last.
        self._budget.doubt()
        # This process holds the portal's turn: all calls are in the database, and nobody else sends any.
        self._calls_within = partial(calls_within, portal.pk)
        # Counted, and not used yet; and until when those are taken off that the bucket has let go meanwhile.
        self._in_hand = 0
        self._counted_at = 0.0
        self._more: int | None = 0
        self._waits_until = 0.0
        # Of the calls so far, and how many requests told it. With the network: no stamps told better yet.
        self._longest_call, self._calls = 0.0, 0

    def allowance(self) -> Allowance:
        """Return how many requests jobs may send now; one of them is counted by asking."""
        self._let_go()
        if not self._in_hand:
            self._take(1)
        wait = max(0.0, self._waits_until - monotonic())
        if self._more is None:
            return Allowance()
        requests = self._in_hand + self._more if self._in_hand else 0
        return Allowance(requests, float(self._drain_per_second), wait or None)

    def requests(self, count: int) -> int:
        """Count up to ``count`` requests of a job; return how many may leave."""
        self._let_go()
        if count > self._in_hand:
            self._take(count - self._in_hand)
        granted = min(count, self._in_hand)
        self._in_hand -= granted
        return granted

    def request_at_once(self) -> bool:
        """Count one request of a job so small that somebody may wait for it: out of the screen's reserve."""
        self._let_go()
        if self._in_hand:
            self._in_hand -= 1
            return True
        self._counted_at = monotonic()
        grant = self._bucket.take(1, Priority.SCREEN, calls_within=self._calls_within)
        if not grant.granted:
            self._waits_until = max(self._waits_until, monotonic() + grant.wait_seconds)
        return bool(grant.granted)

    def give_back(self, count: int) -> None:
        """Keep requests that were counted and not sent, for those that follow at once."""
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
            if not self._calls:
                self._longest_call, self._calls = self._calls_of_others()
            seconds_each = spread(self._calls) * self._longest_call or _UNKNOWN_CALL_SECONDS
        return self._budget.reserve_all(
            sizes, seconds_each, launch_seconds=launch, calls_within=self._calls_that_count
        )

    def _calls_that_count(self, seconds: float) -> int:
        """Return how many calls may count that Redis has lost: none where the portal, by its last answer,
        counts none.
        """
        if limits_execution_time(self._portal.member_id, METHOD, _LATELY_SECONDS):
            return self._calls_within(seconds)
        return 0

    def _calls_of_others(self) -> tuple[float, int]:
        """Return how long calls of an earlier process took at most, and how many requests the journal has
        that from; asked for once.
        """
        if self._journal_is_read:
            return 0.0, 0
        self._journal_is_read = True
        return longest_call_within(self._portal.member_id, METHOD, _LATELY_SECONDS)

    def settle(self, requests: Iterable[tuple[Reservation, float, Sequence[Timing]]]) -> None:
        """Tell what requests spent: seconds until the answer, and the stamps of the calls in their order."""
        told: list[tuple[Reservation, Settlement]] = []
        for reservation, seconds, stamps in requests:
            self._longest_call = max(self._longest_call, seconds / reservation.calls)
            # Of a batch only a mean is known.
            self._calls += 1
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

    def corrected(self, error: BitrixError) -> BitrixError:
        """Return a noted refusal with the moment as the budget has it: by our clock, and within reason."""
        seconds = self._budget.refused_seconds
        if isinstance(error, OperatingLimited) and seconds > 0:
            error.reset_at = datetime.now(UTC) + timedelta(seconds=seconds)
        return error

    def _let_go(self) -> None:
        """Forget of what was counted as many as the bucket has let go since.

        One may leave at any time, which the bucket's reserve bears, so that asking what is allowed costs
        nothing.
        """
        gone = int(self._drain_per_second * (monotonic() - self._counted_at))
        self._in_hand = max(min(self._in_hand, 1), self._in_hand - gone)
        self._counted_at += gone / self._drain_per_second

    @property
    def _drain_per_second(self) -> int:
        rate = self._bucket.rate
        return rate.drain_per_second if rate else limits.STANDARD.drain_per_second

    def _take(self, count: int) -> None:
        if monotonic() < self._waits_until:
            return
        if not self._in_hand:
            self._counted_at = monotonic()
        grant = self._bucket.take(count, Priority.WORK, calls_within=self._calls_within)
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


def work_of(stamps: Sequence[Timing]) -> limits.Work | None:
    """Return how long the portal worked on a request, None where the stamps do not tell."""
    return limits.work_of([stamp.finish for stamp in stamps if stamp.finish is not None])
