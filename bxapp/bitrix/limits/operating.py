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
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from bxapp.bitrix.limits.alone import AloneShare
from bxapp.bitrix.limits.execution_time import Reservation, Spent
from bxapp.bitrix.limits.shared import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bxapp.bitrix.limits.execution_time import OperatingRule, Settlement
    from bxapp.bitrix.limits.shared import Shared

# A process that died cannot settle. A request ends within 70 s (5 to connect, 65 to read): after that it
# counts as recorded in full.
RESERVATION_SECONDS = 75.0
# Without Redis, what was left of a budget is believed when it was heard this shortly before.
FRESH_SECONDS = 5.0
PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Copy:
    """A ledger as this process last saw it: offered to Redis when it has lost its own."""

    epoch: str = ""
    version: int = 0
    raw: bytes = b""
    off: bool = False


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
        # The last that was heard from Redis: both ledgers, and the seconds used and reserved.
        self._copies: tuple[_Copy, ...] = (_Copy(), _Copy())
        # What answers told while Redis could not be asked: the portal has no such limit.
        self._is_off_alone = False
        self._used = 0.0
        self._heard_at = float("-inf")
        # What Redis could not be told yet.
        self._untold: deque[dict[str, Any]] = deque(maxlen=1000)

    def reserve(
        self, calls: int, seconds_each: float, *, launch_seconds: float | None = None
    ) -> Reservation | Spent:
        """Reserve up to ``calls`` calls of one request before it is sent; more than one go as a batch.

        ``seconds_each`` is what a call takes at most. ``launch_seconds``, given where the portal lets no
        request wait, is the time in which a single call surely starts after now: then single calls may still
        go when all is reserved, as long as it cannot have been recorded before they start.
        """
        return self.reserve_all([calls], seconds_each, launch_seconds=launch_seconds)[0]

    def reserve_all(
        self,
        sizes: Sequence[int],
        seconds_each: float,
        *,
        launch_seconds: float | None = None,
        calls_within: Callable[[float], int] | None = None,
    ) -> list[Reservation | Spent]:
        """Reserve several requests at once, in their order; as :meth:`reserve`, in one round trip.

        ``calls_within`` is asked where Redis is gone: how many calls of the method, at most, all processes
        together sent within the last so many seconds. Only who can be sure of that may give it.
        """
        if not sizes or min(sizes) < 1:
            raise ValueError("Each request that is reserved has at least one call.")
        if self.rule is None or self._is_off:
            return [Reservation(calls, "") for calls in sizes]
        launch = {} if launch_seconds is None else {"launch": launch_seconds}
        asked: list[dict[str, Any]] = [
            {
                "op": "reserve",
                "id": uuid4().hex,
                "count": calls,
                "each": seconds_each,
                "expires": self._reservation_seconds,
                **launch,
            }
            for calls in sizes
        ]
        answers = self._run(asked)
        if answers is None:
            return [self._reserve_alone(self.rule, calls, seconds_each, calls_within) for calls in sizes]
        self._alone.end()
        return [_read(answer, one["id"]) for answer, one in zip(answers, asked, strict=True)]

    def settle(self, reservation: Reservation, settlement: Settlement) -> None:
        """Replace a reservation by what the request really spent, and believe the portal's own sum.

        A request without any answer is not settled: it may still be at work, and counts in full in the end.
        """
        self.settle_all([(reservation, settlement)])

    def settle_all(self, requests: Iterable[tuple[Reservation, Settlement]]) -> None:
        """Settle several requests, in the order of their ends; as :meth:`settle`, in one round trip."""
        told = [
            _operation(
                "settle",
                id=reservation.id,
                calls=reservation.calls,
                seconds=settlement.elapsed_seconds,
                first=settlement.first_finish,
                finish=settlement.last_finish,
                operating=settlement.operating,
                reset_at=settlement.reset_at,
                heard=settlement.heard,
            )
            for reservation, settlement in requests
            if reservation.id or (self.rule is not None and settlement.operating is not None)
        ]
        if told:
            self._tell(told)

    def forget(self, reservation: Reservation) -> None:
        """Give a reservation back whose request has never left."""
        if reservation.id:
            self._tell([_operation("forget", id=reservation.id)])

    def refused(self, reset_at: float | None = None) -> None:
        """Tell that a call was answered ``OPERATION_TIME_LIMIT``: nothing goes before ``reset_at`` (Unix).

        Unknown: until the oldest record goes, or for the time of a ban.
        """
        if self.rule is not None:
            self._tell([_operation("refuse", reset_at=reset_at)])

    def report(self) -> None:
        """Tell Redis what this process did while it could not be asked; without effect where that is nothing.

        Whoever asks for the budget next tells it anyway. This is for a process that may never ask again.
        """
        if self._untold:
            self._run([])

    @property
    def _is_off(self) -> bool:
        """Whether the portal's answers tell of no such limit: nothing needs to be counted then."""
        return self._copies[0].off or self._is_off_alone

    def _tell(self, told: list[dict[str, Any]]) -> None:
        if self._run(told) is None:
            with self._lock:
                self._untold.extend(told)
                for one in told:
                    self._hear_alone(one)

    def _hear_alone(self, told: dict[str, Any]) -> None:
        """Take in for this process what Redis could not be told."""
        now = self._now()
        if told["op"] == "settle" and told["heard"]:
            self._is_off_alone = "operating" not in told
            self._alone.hear(told.get("operating", 0.0), now)
        elif told["op"] == "refuse" and self.rule is not None:
            wall = self._clock() if self._clock else time.time()
            self._alone.refuse(max(1.0, told.get("reset_at", wall + self.rule.ban) - wall), now)

    def _run(self, operations: list[dict[str, Any]]) -> list[Any] | None:
        """Return the answers to the reserves among the operations, None when Redis cannot be asked now."""
        with self._lock:
            untold = list(self._untold)
            self._untold.clear()
        now = self._now()
        told = [one | {"age": now - one["at"]} if "at" in one else one for one in untold]
        answer = self._ask([*told, *operations], with_copies=False)
        if answer is not None and len(answer) == 1:
            answer = self._ask([*told, *operations], with_copies=True)
        with self._lock:
            if answer is None:
                self._untold.extendleft(reversed(untold))
                return None
            self._used, self._heard_at = float(text(answer[0])), self._now()
            self._is_off_alone = False
            self._copies = tuple(
                _Copy(text(epoch), version, raw, bool(off))
                for epoch, version, off, raw in (answer[1:5], answer[5:9])
            )
        return answer[9:]

    def _ask(self, operations: list[dict[str, Any]], *, with_copies: bool) -> list[Any] | None:
        rule = self.rule
        if rule is None:
            return None
        known: list[str | bytes | int] = []
        for copy in self._copies:
            known += [copy.epoch, copy.version, copy.raw if with_copies else b""]
        return self._shared.run(
            "operating",
            self._keys,
            [
                json.dumps(operations),
                "" if self._clock is None else repr(self._clock()),
                *(rule.limit, rule.window, rule.basket, rule.threshold, rule.ban),
                *known,
            ],
        )

    def _reserve_alone(
        self,
        rule: OperatingRule,
        calls: int,
        seconds_each: float,
        calls_within: Callable[[float], int] | None,
    ) -> Reservation | Spent:
        now = self._now()
        # What was sent longer ago is not in the portal's sum any more.
        counts = rule.window + rule.basket + RESERVATION_SECONDS
        with self._lock:
            fresh = now - self._heard_at <= FRESH_SECONDS
            granted = self._alone.take(
                calls,
                seconds_each,
                free=rule.limit - self._used if fresh else None,
                limit=rule.limit,
                window=rule.window,
                now=now,
                calls_lately=None if calls_within is None else partial(calls_within, counts),
            )
            if granted:
                reservation = Reservation(granted, uuid4().hex)
                self._untold.append(
                    {
                        "op": "hold",
                        "id": reservation.id,
                        "calls": granted,
                        "each": seconds_each,
                        "expires": self._reservation_seconds,
                        "at": now,
                    }
                )
                return reservation
            wait = PAUSE_SECONDS if calls_within is None else max(1.0, self._alone.wait_seconds(now))
        return Spent(wait, time.time() + wait, under_way=False)


def _operation(name: Literal["settle", "forget", "refuse"], **what: Any) -> dict[str, Any]:
    return {"op": name} | {key: value for key, value in what.items() if value is not None}


def _read(answer: list[Any], reservation_id: str) -> Reservation | Spent:
    granted, wait, under_way = int(answer[0]), float(text(answer[1])), bool(answer[2])
    if granted:
        return Reservation(granted, reservation_id)
    return Spent(wait, time.time() + wait, under_way)
