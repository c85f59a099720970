"""The two limits of a portal: requests per second, and execution time ("operating").

Sources: ``limits.md`` of the documentation; ``rest/lib/engine/access/loadlimiter.php``; for the ban
of the newest form facts section 5.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bxapp.sandbox.settings import OperatingForm

if TYPE_CHECKING:
    from bxapp.sandbox.call import RequestScope
    from bxapp.sandbox.settings import PortalSettings

BATCH = "batch"


@dataclass(slots=True)
class LeakyBucket:
    """Holds X requests, lets Y of them out once a second. Refused requests are not added."""

    level: float = 0.0
    drained_at: float = field(default_factory=time.monotonic)

    def admits(self, settings: PortalSettings) -> bool:
        """Count one request; False if the bucket is full."""
        big = settings.license_family == "ent"
        capacity = (250 if big else 50) if settings.rate_capacity is None else settings.rate_capacity
        drain = (5 if big else 2) if settings.rate_drain is None else settings.rate_drain
        steps = int(time.monotonic() - self.drained_at)
        if steps:
            self.level = max(0.0, self.level - steps * drain)
            self.drained_at += steps
        if self.level + 1 > capacity:
            return False
        self.level += 1
        return True


@dataclass(slots=True)
class Basket:
    """Seconds recorded in one clock minute; it goes ten minutes after its first call."""

    seconds: float
    ends_at: float


@dataclass(slots=True)
class OperatingLimiter:
    """Execution time of one portal by application (or webhook) and method."""

    baskets: dict[tuple[str, str], dict[int, Basket]] = field(default_factory=dict)
    bans: dict[tuple[str, str], float] = field(default_factory=dict)

    def refuses(self, settings: PortalSettings, entity: str, method: str, request: RequestScope) -> bool:
        """Whether a call that starts now is refused. The newest form starts a ban with it."""
        if not settings.operating_limited or not self._counts(settings, method):
            return False
        key = (entity, method)
        now = time.time()
        if settings.operating_form is OperatingForm.BAN:
            ends_at = self.bans.get(key)
            if ends_at is not None and ends_at > now:
                return True
            if ends_at is not None:
                del self.bans[key]
                self.baskets.pop(key, None)
        if self.seconds(entity, method, request) <= settings.operating_limit:
            return False
        if settings.operating_form is OperatingForm.BAN:
            self.bans[key] = now + settings.operating_ban
        return True

    def seconds(self, entity: str, method: str, request: RequestScope) -> float:
        """``time.operating``: what is recorded, and this request's own calls above the threshold."""
        recorded = sum(basket.seconds for basket in self._alive(entity, method))
        return recorded + request.longer.get(method, 0.0)

    def reset_at(self, settings: PortalSettings, entity: str, method: str, request: RequestScope) -> int:
        """``time.operating_reset_at``: when the oldest basket goes, or the ban ends. Unix seconds."""
        ban = self.bans.get((entity, method))
        if ban is not None and settings.operating_form is OperatingForm.BAN:
            return int(ban)
        alive = self._alive(entity, method)
        if alive:
            return int(min(basket.ends_at for basket in alive))
        return int(request.started + settings.operating_window)

    def record(self, settings: PortalSettings, entity: str, request: RequestScope) -> None:
        """At the end of a request: put what it spent on each method into the basket of its minute."""
        if not settings.operating_limited:
            return
        for method, starts in request.starts.items():
            if not self._counts(settings, method):
                continue
            seconds = sum(
                finish - start
                for start, finish in zip(starts, request.finishes.get(method, ()), strict=False)
            )
            if method == BATCH:
                seconds /= 2
            if seconds <= settings.operating_threshold:
                continue
            baskets = self.baskets.setdefault((entity, method), {})
            number = int(request.started / settings.operating_basket)
            basket = baskets.get(number)
            if basket is None or basket.ends_at <= time.time():
                baskets[number] = Basket(seconds, starts[0] + settings.operating_window)
            else:
                basket.seconds += seconds

    def _counts(self, settings: PortalSettings, method: str) -> bool:
        return method != BATCH or settings.operating_form is OperatingForm.BAN

    def _alive(self, entity: str, method: str) -> list[Basket]:
        baskets = self.baskets.get((entity, method))
        if not baskets:
            return []
        now = time.time()
        for number in [number for number, basket in baskets.items() if basket.ends_at <= now]:
            del baskets[number]
        return list(baskets.values())


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that a limit refused by itself, and no fault on request. ``at`` is Unix seconds."""

    at: float
    code: str
    method: str


@dataclass(slots=True)
class PortalLimits:
    """The limiters of one portal, and the latest of what they refused."""

    buckets: dict[str, LeakyBucket] = field(default_factory=dict)
    operating: OperatingLimiter = field(default_factory=OperatingLimiter)
    refusals: deque[Refusal] = field(default_factory=lambda: deque(maxlen=1000))

    def refuse(self, code: str, method: str) -> None:
        self.refusals.append(Refusal(time.time(), code, method))

    def admits(self, settings: PortalSettings, address: str) -> bool:
        """Count one HTTP request of ``address``; False: answer 503 ``QUERY_LIMIT_EXCEEDED``."""
        if not settings.rate_limited:
            return True
        return self.buckets.setdefault(address, LeakyBucket()).admits(settings)

    def forget(self) -> None:
        self.buckets.clear()
        self.refusals.clear()
        self.operating = OperatingLimiter()
