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

from bxapp.bitrix import transport
from bxapp.bitrix.limits.alone import AloneShare
from bxapp.bitrix.limits.execution_time import Reservation, Spent, reserved
from bxapp.bitrix.limits.shared import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bxapp.bitrix.limits.execution_time import OperatingRule, Settlement
    from bxapp.bitrix.limits.shared import Shared

# A process that died cannot settle. When its request must have ended, that counts as recorded in full.
RESERVATION_SECONDS = transport.TOTAL_SECONDS
# Without Redis, what was left of a budget is believed when it was heard this shortly before.
FRESH_SECONDS = 5.0
PAUSE_SECONDS = 5.0
# What was called before Redis began anew is told in so many parts by age, besides what may be under way.
_PARTS = 4


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
        self._refused_until = float("-inf")
        # When the budget was known to be whole last, with all that any process sent.
        self._sure_at = float("-inf")
        # What Redis could not be told yet.
        self._untold: deque[dict[str, Any]] = deque(maxlen=1000)

    def reserve_all(
        self,
        sizes: Sequence[int],
        seconds_each: float,
        *,
        launch_seconds: float | None = None,
        calls_within: Callable[[float], int] | None = None,
    ) -> list[Reservation | Spent]:
        """Reserve requests before they are sent, in their order and in one round trip.

        ``sizes``: up to how many calls each has; more than one go as a batch. ``seconds_each`` is what a call
        takes at most. ``launch_seconds``, given where the portal lets no request wait, is the time in which a
        single call surely starts after now: then single calls may still go when all is reserved, as long as
        it cannot have been recorded before they start.

        ``calls_within`` is asked where Redis is gone or knows nothing of the budget: how many calls of the
        method, at most, all processes together sent within the last so many seconds. Only who can be sure of
        that may give it.
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
        answers = self._run(asked, partial(self._supposed, self.rule, seconds_each, calls_within))
        if answers is None:
            return [self._reserve_alone(self.rule, calls, seconds_each, calls_within) for calls in sizes]
        self._alone.end()
        return [reserved(answer, one["id"]) for answer, one in zip(answers, asked, strict=True)]

    def settle_all(self, requests: Iterable[tuple[Reservation, Settlement]]) -> None:
        """Replace reservations by what their requests really spent, and believe the portal's own sum.

        In the order of their ends, in one round trip. A request without any answer is not settled: it may
        still be at work, and counts in full in the end.
        """
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

    def doubt(self) -> None:
        """Tell that another process may have sent calls since this one last heard of the budget."""
        with self._lock:
            self._sure_at = float("-inf")

    @property
    def refused_seconds(self) -> float:
        """For how long the last refusal still holds, as far as this process has heard; 0 without one."""
        return max(0.0, self._refused_until - self._now())

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
            seconds = told.get("reset_at", wall + self.rule.ban) - wall
            seconds = min(max(1.0, seconds), self.rule.longest_refusal)
            self._alone.refuse(seconds, now)
            self._refused_until = max(self._refused_until, now + seconds)

    def _run(
        self,
        operations: list[dict[str, Any]],
        supposed: Callable[[], list[dict[str, float]]] | None = None,
    ) -> list[Any] | None:
        """Return the answers to the reserves among the operations, None when Redis cannot be asked now.

        ``supposed`` tells with them what neither Redis nor this process may know of.
        """
        with self._lock:
            untold = list(self._untold)
            self._untold.clear()
        now = self._now()
        told = [one | {"age": now - one["at"]} if "at" in one else one for one in untold]
        answer: list[Any] | None = None
        try:
            answer = self._ask([*told, *operations])
            if answer is not None and len(answer) == 1:
                parts = json.dumps(supposed()) if supposed else ""
                answer = self._ask([*told, *operations], with_copies=True, supposed=parts)
        finally:
            # What has not been taken is told another time, also where nothing could be supposed.
            if answer is None or len(answer) == 1:
                with self._lock:
                    self._untold.extendleft(reversed(untold))
        with self._lock:
            if answer is None:
                return None
            self._used, self._heard_at = float(text(answer[0])), self._now()
            self._is_off_alone = False
            if answer[9]:
                self._sure_at = self._heard_at
            self._refused_until = self._heard_at + float(text(answer[10]))
            self._copies = tuple(
                _Copy(text(epoch), version, raw, bool(off))
                for epoch, version, off, raw in (answer[1:5], answer[5:9])
            )
        return answer[11:]

    def _supposed(
        self, rule: OperatingRule, seconds_each: float, calls_within: Callable[[float], int] | None
    ) -> list[dict[str, float]]:
        """Return what may have been called lately, in parts by their age, the oldest first.

        A call counts with its whole time until it has surely gone from the portal's sum. The youngest may
        still be under way: no answer tells anything of them.
        """
        if calls_within is None or self._now() - self._sure_at <= FRESH_SECONDS:
            return []
        youngest, counts = self._reservation_seconds, self._counts_seconds(rule)
        if not (called := calls_within(counts)):
            return []
        parts = []
        for part in reversed(range(_PARTS)):
            age = youngest + (counts - youngest) * part / _PARTS
            later = calls_within(age)
            parts.append({"s": (called - later) * seconds_each, "e": counts - age})
            called = later
        parts.append({"s": called * seconds_each, "e": youngest, "f": 1})
        return [one for one in parts if one["s"] > 0]

    def _counts_seconds(self, rule: OperatingRule) -> float:
        """What was sent longer ago is not in the portal's sum any more."""
        return rule.window + rule.basket + self._reservation_seconds

    def _ask(
        self, operations: list[dict[str, Any]], *, with_copies: bool = False, supposed: str = ""
    ) -> list[Any] | None:
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
                supposed,
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
        with self._lock:
            fresh = now - self._heard_at <= FRESH_SECONDS
            granted = self._alone.take(
                calls,
                seconds_each,
                free=rule.limit - self._used if fresh else None,
                limit=rule.limit,
                window=rule.window,
                now=now,
                calls_lately=None
                if calls_within is None
                else partial(calls_within, self._counts_seconds(rule)),
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
