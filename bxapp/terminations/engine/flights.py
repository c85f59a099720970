"""Requests under way: each in a thread that touches no database, and back with its answer in one queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.terminations.jobs.turns import HeldTurn

# More than all portals of a slot may have under way together, so that no request waits for a thread.
_MOST_THREADS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """A request that was handed over; ``purpose`` is what its sender needs to know when it is back."""

    turn: HeldTurn
    purpose: Any
    sent_at: float


@dataclass(frozen=True, slots=True)
class Landed:
    """A flight that is back. ``seconds``: from the moment it left until its answer was read."""

    flight: Flight
    answer: Any
    error: Exception | None
    seconds: float


class Crew:
    """Carries out the requests of one slot."""

    def __init__(self) -> None:
        self._threads = _threads()
        self._landed: SimpleQueue[Landed] = SimpleQueue()

    def send(self, turn: HeldTurn, request: Callable[[], Any], purpose: Any) -> Flight:
        """Start a request. It does not leave when the turn's lease may be over by then (TurnLostError)."""
        flight = Flight(turn, purpose, monotonic())
        self._threads.submit(self._carry_out, flight, request)
        return flight

    @property
    def has_landed(self) -> bool:
        """Whether an answer waits to be taken in."""
        return not self._landed.empty()

    def landed(self, timeout_seconds: float, *, linger_seconds: float = 0.0) -> list[Landed]:
        """Wait for an answer, then ``linger_seconds`` for others, and return all that are there."""
        found: list[Landed] = []
        try:
            if timeout_seconds > 0:
                found.append(self._landed.get(timeout=timeout_seconds))
                sleep(linger_seconds)
            while True:
                found.append(self._landed.get_nowait())
        except Empty:
            return found

    def _carry_out(self, flight: Flight, request: Callable[[], Any]) -> None:
        begun = monotonic()
        answer, error = None, None
        try:
            flight.turn.require_time()
            answer = request()
        except Exception as raised:  # noqa: BLE001  (told to the sender, who decides)
            error = raised
        self._landed.put(Landed(flight, answer, error, monotonic() - begun))


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    # Made at the first request, so that a worker that forks has threads of its own.
    return ThreadPoolExecutor(max_workers=_MOST_THREADS, thread_name_prefix="portal-request")
