"""A portal on paper: requests served at once, a queue for the others, a bucket, and colleagues who click.

Simulated time, so its figures are the same on every machine.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import TYPE_CHECKING

from bxapp.bitrix.limits import work_of
from bxapp.terminations.pace.batch_sizes import Allowance
from bxapp.terminations.pace.pacing import Pacer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.terminations.pace.portal_memory import PortalMemory

CAPACITY, DRAIN, RESERVE = 50, 2, 5


@dataclass(eq=False)
class _Request:
    number: int
    durations: list[float]
    sent_at: float
    stamps: list[float] = field(default_factory=list)


@dataclass
class Run:
    """What came of a job; ``clicks`` are the seconds that colleagues waited, ``refused`` requests 503."""

    seconds: float
    requests: int
    longest_request: float
    clicks: list[float]
    memory: PortalMemory
    refused: int
    peak: int


@dataclass
class PortalModel:
    """``served_at_once`` None: no bound. ``spread``: the share by which durations differ."""

    seconds_per_command: float
    served_at_once: int | None = None
    has_bucket: bool = True
    spread: float = 0.0
    click_every: float | None = None
    click_seconds: float = 0.02
    latency: tuple[float, float] = (0.0005, 0.0015)
    seed: int = 1
    # Requests sent while more than this many are under way end in a server error.
    breaks_above: int | None = None

    def terminate(self, workflows: int, memory: PortalMemory | None = None) -> Run:
        """Run a whole job."""
        return _Simulation(self, workflows, Pacer(memory)).run()


class _Simulation:
    def __init__(self, model: PortalModel, workflows: int, pacer: Pacer) -> None:
        self._model, self._pacer = model, pacer
        self._chance = random.Random(model.seed)  # noqa: S311  (a model's chance, not a secret)
        self._left = self._open = workflows
        self._now = 0.0
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._queue: deque[Callable[[], None]] = deque()
        self._busy = 0
        self._requests = 0
        self._longest = 0.0
        self._clicks: list[float] = []
        self._level, self._counted_at = 0.0, 0.0
        self._server_level, self._server_second = 0, 0
        self._refused = 0
        self._peak = 0
        self._asks_at: float | None = None

    def run(self) -> Run:
        self._at(0.0, self._work)
        if self._model.click_every:
            self._at(0.05, self._click)
        while self._open:
            self._now, _, event = heapq.heappop(self._events)
            event()
        return Run(
            self._now,
            self._requests,
            self._longest,
            self._clicks,
            self._pacer.memory(),
            self._refused,
            self._peak,
        )

    def _at(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._order), event))

    def _delay(self) -> float:
        return self._chance.uniform(*self._model.latency)

    # Our side.
    def _allowance(self) -> Allowance:
        if not self._model.has_bucket:
            return Allowance()
        self._level = max(0.0, self._level - DRAIN * (self._now - self._counted_at))
        self._counted_at = self._now
        free = CAPACITY - RESERVE - self._level
        return Allowance(max(0, int(free + 1e-6)), DRAIN, max(0.0, (1 - free) / DRAIN))

    def _work(self) -> None:
        plan = self._pacer.plan(self._left, self._allowance(), self._now)
        for size in plan.sizes:
            self._left -= size
            self._level += 1
            self._requests += 1
            durations = [
                self._model.seconds_per_command
                * (1 + self._chance.uniform(-self._model.spread, self._model.spread))
                for _ in range(size)
            ]
            request = _Request(self._requests, durations, self._now)
            self._longest = max(self._longest, sum(durations))
            self._pacer.sent(request.number, size, self._now)
            self._peak = max(self._peak, self._pacer.under_way)
            breaks = self._model.breaks_above
            if breaks is not None and self._pacer.under_way > breaks:
                self._at(self._delay(), lambda request=request: self._break(request))  # type: ignore[misc]
            else:
                self._at(self._delay(), lambda request=request: self._arrive(request))  # type: ignore[misc]
        if self._left and plan.delay_seconds is not None:
            self._ask_again(plan.delay_seconds)

    def _ask_again(self, seconds: float) -> None:
        self._at(seconds + 1e-6, self._work)

    def _hear(self, request: _Request) -> None:
        self._open -= len(request.stamps)
        self._pacer.answered(request.number, self._now, work_of(request.stamps))
        self._work()

    def _break(self, request: _Request) -> None:
        self._left += len(request.durations)
        self._pacer.failed(request.number, self._now)
        self._ask_again(0.0)

    # The portal's side.
    def _arrive(self, request: _Request) -> None:
        if self._model.has_bucket:
            second = int(self._now + 0.5)
            self._server_level = max(0, self._server_level - DRAIN * (second - self._server_second))
            self._server_second = second
            if self._server_level >= CAPACITY:
                self._refused += 1
            self._server_level += 1

        def serve() -> None:
            request.stamps = [self._now + seconds for seconds in accumulate(request.durations)]
            self._at(sum(request.durations), lambda: self._leave(lambda: self._hear(request)))

        self._enter(serve)

    def _click(self) -> None:
        begun = self._now
        if self._model.click_every:
            self._at(self._model.click_every, self._click)

        def serve() -> None:
            self._at(
                self._model.click_seconds,
                lambda: self._leave(lambda: self._clicks.append(self._now - begun)),
            )

        self._at(self._delay(), lambda: self._enter(serve))

    def _enter(self, serve: Callable[[], None]) -> None:
        bound = self._model.served_at_once
        if bound is not None and self._busy >= bound:
            self._queue.append(serve)
            return
        self._busy += 1
        serve()

    def _leave(self, answer: Callable[[], None]) -> None:
        self._at(self._delay(), answer)
        if self._queue:
            self._queue.popleft()()
        else:
            self._busy -= 1
