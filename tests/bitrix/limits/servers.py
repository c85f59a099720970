"""The portal's side of both limits, written from facts section 5 alone, in the time that a test lets pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.bitrix.limits import OperatingRule


@dataclass
class ServerBucket:
    """Counts requests, lets ``drain`` of them go once a second, refuses above ``capacity``."""

    capacity: int
    drain: int
    phase: float = 0.0
    level: int = 0
    drained_to: int | None = None
    refused: int = 0
    highest: int = 0

    def admits(self, now: float) -> bool:
        second = int(now + self.phase)
        if self.drained_to is not None:
            self.level = max(0, self.level - self.drain * (second - self.drained_to))
        self.drained_to = second
        if self.level + 1 > self.capacity:
            self.refused += 1
            return False
        self.level += 1
        self.highest = max(self.highest, self.level)
        return True


@dataclass
class _Basket:
    seconds: float
    ends_at: float


@dataclass
class ServerRequest:
    """One HTTP request at the portal: its calls of the limited method, begun one after the other."""

    started_at: float
    own: list[float] = field(default_factory=list)
    stamps: list[float] = field(default_factory=list)
    # ``operating`` and ``operating_reset_at`` as told with the last call.
    operating: float | None = None
    reset_at: int | None = None

    @property
    def ended_at(self) -> float:
        return self.stamps[-1] if self.stamps else self.started_at


@dataclass
class ServerOperating:
    """Execution time of one method, and with ``bans`` also of ``batch``, as the newest servers count."""

    rule: OperatingRule
    bans: bool = False
    baskets: dict[str, dict[int, _Basket]] = field(default_factory=lambda: {"method": {}, "batch": {}})
    banned_until: dict[str, float] = field(default_factory=dict)
    refused: int = 0

    def begins(self, request: ServerRequest, now: float, counter: str = "method") -> bool:
        """Whether a call that starts now may run."""
        if counter == "batch" and not self.bans:
            return True
        until = self.banned_until.get(counter)
        if until is not None and now < until:
            self.refused += 1
            return False
        if until is not None:
            del self.banned_until[counter]
            self.baskets[counter].clear()
        if self.sum(request, now, counter) > self.rule.limit:
            self.refused += 1
            if self.bans:
                self.banned_until[counter] = now + self.rule.ban
            return False
        return True

    def finishes(self, request: ServerRequest, seconds: float, now: float) -> None:
        """A call of this length has run: stamp it, and tell the sum so far and when its oldest part goes."""
        request.own.append(seconds)
        request.stamps.append(now)
        request.operating = self.sum(request, now)
        ends = [basket.ends_at for basket in self.baskets["method"].values()]
        oldest = min(ends, default=request.started_at + self.rule.window)
        request.reset_at = int(self.banned_until.get("method", oldest))

    def sum(self, request: ServerRequest, now: float, counter: str = "method") -> float:
        """What is recorded, and this request's own calls above the threshold."""
        own = sum(seconds for seconds in request.own if seconds > self.rule.threshold)
        return self._recorded(now, counter) + (own if counter == "method" else 0.0)

    def ends(self, request: ServerRequest, *, batch: bool) -> None:
        """Record what the request spent; its clock minute is that of its beginning."""
        seconds = sum(request.own)
        self._record("method", request, seconds)
        if batch and self.bans:
            self._record("batch", request, seconds / 2)

    def _record(self, counter: str, request: ServerRequest, seconds: float) -> None:
        if seconds <= self.rule.threshold:
            return
        self._recorded(request.ended_at, counter)
        baskets = self.baskets[counter]
        number = int(request.started_at / self.rule.basket)
        if number in baskets:
            baskets[number].seconds += seconds
        else:
            baskets[number] = _Basket(seconds, request.started_at + self.rule.window)

    def _recorded(self, now: float, counter: str) -> float:
        baskets = self.baskets[counter]
        for number in [number for number, basket in baskets.items() if basket.ends_at <= now]:
            del baskets[number]
        return sum(basket.seconds for basket in baskets.values())
