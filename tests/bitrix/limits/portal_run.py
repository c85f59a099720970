"""Processes that send calls to one portal with a budget of execution time, in simulated time.

Everything but the passing of time is real: the scripts, the server they run on, the settling from stamps.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from bxapp.bitrix.limits import Budget, OperatingRule, Reservation, Settlement, Spent
from tests.bitrix.limits.servers import ServerOperating, ServerRequest
from tests.bitrix.limits.spending import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bitrix.limits.conftest import Clock
    from tests.bitrix.limits.interruptible import Interruptible


@dataclass(eq=False)
class _Process:
    budget: Budget
    dead: bool = False
    # Not before this moment: it has been told how long to wait.
    asks_at: float = 0.0


@dataclass(eq=False)
class _Sent:
    """One HTTP request on its way, at work, and back."""

    process: _Process
    reservation: Reservation
    calls: list[float]
    sent_at: float
    served: ServerRequest = field(default_factory=lambda: ServerRequest(0.0))


@dataclass
class PortalRun:
    """``durations`` of the calls to make, of which the processes know only the longest.

    ``width`` requests at once, each of at most ``batch`` calls; ``latency`` gives seconds one way; the
    portal's clock is ``skew`` seconds ahead; ``limited`` False: the portal has no limit and tells nothing.
    """

    interruptible: Interruptible
    portal: str
    clock: Clock
    rule: OperatingRule
    durations: list[float]
    bans: bool = False
    limited: bool = True
    processes: int = 1
    width: int = 10
    batch: int = 10
    latency: Callable[[], float] = lambda: 0.002
    skew: float = 0.0
    launch_seconds: float | None = None
    # Whether the database is asked what Redis does not know, as the product does; then one process sends.
    knows_calls: bool = False
    server: ServerOperating = field(init=False)

    def __post_init__(self) -> None:
        self.server = ServerOperating(self.rule, self.bans)
        self._each = max(self.durations)
        self._left = list(self.durations)
        self._open = len(self.durations)
        self._under_way = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._called: list[float] = []
        self._processes = [self._start() for _ in range(self.processes)]

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        """Let something happen so many seconds from now."""
        heapq.heappush(self._events, (self.clock() + seconds, next(self._order), event))

    def kill(self, number: int) -> None:
        """One process dies: what it has sent goes on at the portal, and its answers reach nobody."""
        self._processes[number].dead = True
        self._processes[number] = self._start()

    def run(self, longest: float = 100_000.0) -> float:
        """Make all calls and return the seconds it took. Fails when it takes longer than ``longest``."""
        begun = self.clock()
        self.at(0.0, self._fill)
        while self._open:
            self.clock.now, _, event = heapq.heappop(self._events)
            assert self.clock() - begun <= longest
            event()
        return self.clock() - begun

    def _start(self) -> _Process:
        budget = Budget(
            self.interruptible,
            self.portal,
            "app",
            "terminate",
            self.rule,
            processes=self.processes,
            reservation_seconds=20.0,
            clock=self.clock,
        )
        return _Process(budget)

    def _fill(self) -> None:
        for process in self._processes:
            while self._left and self._under_way < self.width and process.asks_at <= self.clock():
                calls = min(self.batch, max(1, len(self._left) // self.width))
                (answer,) = process.budget.reserve_all(
                    [calls],
                    self._each,
                    launch_seconds=self.launch_seconds,
                    calls_within=self._calls_within if self.knows_calls else None,
                )
                if isinstance(answer, Spent):
                    wait = 0.2 if answer.under_way else answer.wait_seconds
                    process.asks_at = self.clock() + wait
                    self.at(wait + 0.001, self._fill)
                    break
                sent = _Sent(process, answer, self._left[: answer.calls], self.clock())
                self._left = self._left[answer.calls :]
                self._called += [self.clock()] * answer.calls
                self._under_way += 1
                self.at(self.latency(), lambda sent=sent: self._arrive(sent))  # type: ignore[misc]

    def _calls_within(self, seconds: float) -> int:
        return sum(at >= self.clock() - seconds for at in self._called)

    def _arrive(self, sent: _Sent) -> None:
        sent.served.started_at = self._there()
        if len(sent.calls) > 1 and not self.server.begins(sent.served, self._there(), "batch"):
            self._respond(sent)
            return
        self._next_call(sent)

    def _next_call(self, sent: _Sent) -> None:
        place = len(sent.served.own)
        if place == len(sent.calls) or (self.limited and not self.server.begins(sent.served, self._there())):
            self.server.ends(sent.served, batch=len(sent.calls) > 1)
            self._respond(sent)
            return
        self.at(sent.calls[place], lambda: self._end_call(sent, sent.calls[place]))

    def _end_call(self, sent: _Sent, seconds: float) -> None:
        self.server.finishes(sent.served, seconds, self._there())
        self._next_call(sent)

    def _respond(self, sent: _Sent) -> None:
        done = len(sent.served.own)
        self._open -= done
        self._left += sent.calls[done:]
        self.at(self.latency(), lambda: self._hear(sent))

    def _hear(self, sent: _Sent) -> None:
        self._under_way -= 1
        served, budget = sent.served, sent.process.budget
        if not sent.process.dead:
            if len(served.own) < len(sent.calls):
                budget.refused(served.reset_at)
            settle(
                budget,
                sent.reservation,
                Settlement(
                    self.clock() - sent.sent_at if served.own else 0.0,
                    served.stamps[0] if served.own else None,
                    served.stamps[-1] if served.own else None,
                    served.operating if self.limited else None,
                    served.reset_at if self.limited else None,
                    heard=bool(served.own),
                ),
            )
            sent.process.asks_at = min(sent.process.asks_at, self.clock())
        self._fill()

    def _there(self) -> float:
        return self.clock() + self.skew
