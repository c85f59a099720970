"""The portal's budget of execution time ("operating"), counted as the portal counts it.

Per portal, application (or webhook) and method at most 480 s in ten minutes (420 s where an on-premise portal
switches it on). What a request spent is recorded when it ENDS, if it is more than 0.1 s, in the basket of its
clock minute; a basket goes ten minutes after its first call. A call is refused when it STARTS while the
recorded sum and the earlier calls of its own request are over the limit. The newest servers also count half
the time of ``batch``, and a refusal starts a ban of 300 s. (``rest/lib/engine/access/loadlimiter.php``;
documentation "limits.md".) So what is under way is reserved here before it is sent, and no call is refused.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from bxapp.bitrix.limits.alone import AloneShare
from bxapp.bitrix.limits.shared import text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bxapp.bitrix.limits.shared import Shared

# A process that died cannot settle. A request ends within 70 s (5 to connect, 65 to read): after that it
# counts as recorded in full.
RESERVATION_SECONDS = 75.0
# Without Redis, what was left of a budget is believed when it was heard this shortly before.
FRESH_SECONDS = 5.0
PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class OperatingRule:
    """The portal's numbers, all in seconds."""

    limit: float
    window: float = 600.0
    basket: float = 60.0
    threshold: float = 0.1
    ban: float = 300.0


CLOUD = OperatingRule(480.0)
ON_PREMISE = OperatingRule(420.0)


@dataclass(frozen=True, slots=True)
class Reservation:
    """``calls`` calls of the method may be sent in one request; settle it when its answer came."""

    calls: int
    id: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Nothing may be sent now. ``under_way``: calls that have been sent must end first, ask again then.

    Otherwise the budget is spent for ``wait_seconds``, that is until the Unix time ``until``.
    """

    wait_seconds: float
    until: float
    under_way: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an answer told of a request's work. Stamps are the portal's own ``finish`` times, Unix seconds.

    ``elapsed_seconds`` from sending to the answer: the request worked at most that long, and its first call,
    which no two stamps enclose, may have been the longest. ``operating`` and ``reset_at`` (Unix time) as told
    with the last call; None means that the portal has no such limit, unless ``heard`` is False: then the
    answer had no ``time`` at all.
    """

    elapsed_seconds: float
    first_finish: float | None = None
    last_finish: float | None = None
    operating: float | None = None
    reset_at: float | None = None
    heard: bool = True


@dataclass(slots=True)
class _Copy:
    """A ledger as this process last saw it: offered to Redis when it has lost its own."""

    epoch: str = ""
    version: int = 0
    raw: str = ""
    off: bool = False


@dataclass(slots=True)
class _Knowledge:
    copies: dict[str, _Copy] = field(default_factory=dict)
    used: float = 0.0
    heard_at: float = float("-inf")


class Budget:
    """The budget of one method for one portal and application. Keep it for a process's whole life.

    ``rule`` None switches it off. ``clock`` (Unix seconds) replaces Redis's own clock in tests.
    """

    def __init__(
        self,
        shared: Shared,
        portal: str,
        application: str,
        method: str,
        rule: OperatingRule | None,
        *,
        processes: int = 4,
        reservation_seconds: float = RESERVATION_SECONDS,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.rule = rule
        self._shared = shared
        self._keys = [
            f"limits:{{{portal}}}:operating:{application}:{method}",
            f"limits:{{{portal}}}:operating:{application}:batch",
        ]
        self._reservation_seconds = reservation_seconds
        self._clock = clock
        self._now = clock or time.monotonic
        self._alone = AloneShare(processes)
        self._lock = threading.Lock()
        self._known = _Knowledge()
        # What Redis could not be told yet.
        self._untold: deque[tuple[str, dict[str, Any], int]] = deque(maxlen=1000)

    def reserve(
        self, calls: int, seconds_each: float, *, launch_seconds: float | None = None
    ) -> Reservation | Spent:
        """Reserve up to ``calls`` calls of one request before it is sent; more than one go as a batch.

        ``seconds_each`` is what a call takes at most. ``launch_seconds``, given where the portal lets no
        request wait, is the time in which a single call surely starts after now: then single calls may still
        go when all is reserved, as long as it cannot have been recorded before they start.
        """
        if calls < 1:
            raise ValueError("reserve asks for at least one call.")
        reservation_id = uuid4().hex
        if self.rule is None:
            return Reservation(calls, reservation_id)
        what = {
            "id": reservation_id,
            "count": calls,
            "each": seconds_each,
            "expires": self._reservation_seconds,
        }
        if launch_seconds is not None:
            what["launch"] = launch_seconds
        answer = self._run("reserve", what, 2 if calls > 1 else 1)
        if answer is None:
            return self._reserve_alone(self.rule, calls, seconds_each, reservation_id)
        with self._lock:
            self._alone.end()
        granted, wait, under_way = int(answer[0]), float(text(answer[1])), bool(answer[2])
        if granted:
            return Reservation(granted, reservation_id)
        return Spent(wait, time.time() + wait, under_way)

    def settle(self, reservation: Reservation, settlement: Settlement) -> None:
        """Replace a reservation by what the request really spent, and believe the portal's own sum.

        A request without any answer is not settled: it may still be at work, and counts in full in the end.
        """
        told = {
            "id": reservation.id,
            "seconds": settlement.elapsed_seconds,
            "first": settlement.first_finish,
            "finish": settlement.last_finish,
            "operating": settlement.operating,
            "reset_at": settlement.reset_at,
            "heard": settlement.heard,
        }
        self._tell("settle", told, 2 if reservation.calls > 1 else 1)

    def forget(self, reservation: Reservation) -> None:
        """Give a reservation back whose request has never left."""
        self._tell("forget", {"id": reservation.id}, 2 if reservation.calls > 1 else 1)

    def refused(self, reset_at: float | None = None) -> None:
        """Tell that a call was answered ``OPERATION_TIME_LIMIT``: nothing goes before ``reset_at`` (Unix).

        Unknown: until the oldest record goes, or for the time of a ban.
        """
        self._tell("refuse", {"reset_at": reset_at}, 1)

    def _tell(
        self, operation: Literal["settle", "forget", "refuse"], what: dict[str, Any], keys: int
    ) -> None:
        if self.rule is None:
            return
        told = {name: value for name, value in what.items() if value is not None}
        if self._run(operation, told, keys) is None:
            self._untold.append((operation, told, keys))

    def _run(self, operation: str, what: dict[str, Any], keys: int) -> list[Any] | None:
        while True:
            try:
                untold = self._untold.popleft()
            except IndexError:
                break
            if self._run_once(*untold) is None:
                self._untold.appendleft(untold)
                return None
        return self._run_once(operation, what, keys)

    def _run_once(self, operation: str, what: dict[str, Any], keys: int) -> list[Any] | None:
        names = self._keys[:keys]
        answer = self._ask(operation, what, names, with_copies=False)
        if answer is not None and len(answer) == 1:
            answer = self._ask(operation, what, names, with_copies=True)
        if answer is None:
            return None
        with self._lock:
            self._known.used, self._known.heard_at = float(text(answer[3])), self._now()
            for name, raw in zip(names, answer[4:], strict=True):
                ledger = json.loads(raw)
                self._known.copies[name] = _Copy(
                    ledger["epoch"], ledger["v"], text(raw), bool(ledger.get("off"))
                )
        return answer

    def _ask(
        self, operation: str, what: dict[str, Any], names: Sequence[str], *, with_copies: bool
    ) -> list[Any] | None:
        rule = self.rule
        if rule is None:
            return None
        arguments: list[str | int | float] = [
            operation,
            "" if self._clock is None else repr(self._clock()),
            *(rule.limit, rule.window, rule.basket, rule.threshold, rule.ban),
            json.dumps(what),
        ]
        with self._lock:
            for name in names:
                copy = self._known.copies.get(name, _Copy())
                arguments += [copy.epoch, copy.version, copy.raw if with_copies else ""]
        return self._shared.run("operating", names, arguments)

    def _reserve_alone(
        self, rule: OperatingRule, calls: int, seconds_each: float, reservation_id: str
    ) -> Reservation | Spent:
        now = self._now()
        with self._lock:
            known = self._known
            copy = known.copies.get(self._keys[0])
            if copy is not None and copy.off:
                return Reservation(calls, reservation_id)
            fresh = now - known.heard_at <= FRESH_SECONDS
            granted = self._alone.take(
                calls,
                seconds_each,
                free=rule.limit - known.used if fresh else 0.0,
                limit=rule.limit,
                window=rule.window,
                now=now,
            )
        if granted:
            return Reservation(granted, reservation_id)
        return Spent(PAUSE_SECONDS, time.time() + PAUSE_SECONDS, under_way=False)
