"""The portal's leaky bucket: how many requests may leave now.

The portal counts each HTTP request of an application's address, lets Y of them go once a second, and refuses
above X with 503 ``QUERY_LIMIT_EXCEEDED`` (documentation "limits.md"): 50 and 2, on Enterprise 250 and 5.
A batch is one request. All processes of the application share one address, so they share one bucket here.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.limits.alone import AloneRate
from bxapp.bitrix.limits.shared import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.bitrix.limits.shared import Shared


@dataclass(frozen=True, slots=True)
class Rate:
    """``capacity`` requests at once (X), of which ``drain_per_second`` (Y) go once a second."""

    capacity: int
    drain_per_second: int


STANDARD = Rate(50, 2)
ENTERPRISE = Rate(250, 5)
# Requests that work leaves for the people who use the screen at the same time.
RESERVE = 5
# Redis keeps a bucket for three days; within this time after the last question it must still be there.
KNOWN_SECONDS = 86400.0


def rate_of(license_family: str, *, on_premise: bool) -> Rate | None:
    """Return the rate of a plan by ``LICENSE_FAMILY`` of the portal's ``app.info``; None: no limit."""
    if on_premise:
        return None
    return ENTERPRISE if license_family.lower() == "ent" else STANDARD


class Priority(StrEnum):
    """Who asks: a person who waits for a page, or a job."""

    SCREEN = "screen"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Grant:
    """``granted`` requests may leave at once; when it is 0, ask again after ``wait_seconds``.

    ``more`` is how many further requests work could have now, None when there is no limit.
    """

    granted: int
    wait_seconds: float
    more: int | None


class Bucket:
    """The bucket of one portal. Keep one per portal for a process's whole life: it remembers.

    ``rate`` None switches it off, until the portal refuses: then it is treated as the smallest plan for days.
    ``processes`` is how many processes of each kind (web, worker slots) there are at most: they share the
    portal's limit when Redis is gone and they cannot know of each other. ``clock`` (Unix seconds) replaces
    Redis's own clock in tests.
    ``requests_within`` tells how many requests any process is known to have sent within so many seconds; it
    is called once for a bucket that neither Redis nor this process knows, and ``calls_within`` of
    :meth:`take` once for one of which nobody has told yet what jobs sent.
    """

    def __init__(
        self,
        shared: Shared,
        portal: str,
        rate: Rate | None,
        *,
        processes: int = 4,
        requests_within: Callable[[float], int] = lambda _seconds: 0,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.rate = rate
        self._requests_within = requests_within
        self._shared = shared
        self._key = f"limits:{{{portal}}}:bucket"
        self._clock = clock
        self._now = clock or time.monotonic
        self._alone = AloneRate(processes)
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        # What this process knows better than a Redis that was gone or has lost its memory.
        self._epoch = ""
        self._heard_at = self._now()
        self._uncounted = False
        self._taught = False

    def take(
        self,
        count: int = 1,
        who: Priority = Priority.WORK,
        *,
        calls_within: Callable[[float], int] | None = None,
    ) -> Grant:
        """Count up to ``count`` requests and say how many may leave. Never raises because of Redis.

        Work stays below the capacity less the screen's reserve; the screen may use the reserve. Once that
        is used up too, a click waits half a second (one drained request, which work cannot get before it).
        ``calls_within``, asked besides ``requests_within``, or after a screen for which only that was: how
        many calls any process sent within so many seconds, at most.
        """
        if count < 1:
            raise ValueError("take asks for at least one request.")
        answer = self._run("take", who, count, calls_within)
        if answer is None:
            return self._take_alone(count)
        granted, wait, _, capacity, more, _ = answer
        unlimited = capacity == 0
        self._taught = self.rate is None and not unlimited
        return Grant(int(granted), float(text(wait)), None if unlimited else int(more))

    def refused(self, who: Priority = Priority.WORK) -> None:
        """Tell that the portal answered 503 ``QUERY_LIMIT_EXCEEDED``.

        The bucket is then full, whatever was counted; its capacity is learned down, and recovers by one
        for each ten minutes without a refusal. Work holds still for a second, twice as long each time.
        """
        self._taught = self.rate is None
        if self._run("refused", who, 1) is None:
            with self._lock:
                self._alone.refuse(self._now())
                self._uncounted = True

    @property
    def _limits(self) -> Rate:
        return self.rate or STANDARD

    def _run(
        self,
        operation: str,
        who: Priority,
        count: int,
        calls_within: Callable[[float], int] | None = None,
    ) -> list[Any] | None:
        now = self._now()
        ask = partial(self._ask, operation, who, count, now, tells=calls_within is not None)
        answer = ask()
        if answer is not None and len(answer) == 1:
            with self._looking:
                # Another thread may have looked meanwhile.
                answer = ask()
                if answer is not None and len(answer) == 1:
                    is_new = text(answer[0]) == "unknown"
                    answer = ask(supposed=str(self._supposed(calls_within, is_new=is_new)))
        with self._lock:
            if answer is not None:
                self._epoch, self._heard_at, self._uncounted = text(answer[5]), now, False
                self._alone.end()
        return answer

    def _supposed(self, calls_within: Callable[[float], int] | None, *, is_new: bool) -> int:
        """Return how many requests may be in a bucket that nobody knows; of one that is not ``is_new`` only
        what jobs have sent is not known.
        """
        limits = self._limits
        # What was sent longer ago has drained, a step of the portal's drain included.
        drains = limits.capacity / limits.drain_per_second + 1.0
        known = self._requests_within(drains) if is_new else 0
        known += calls_within(drains) if calls_within else 0
        # A process that was killed told nothing of what was under way, which may have been a whole burst.
        return known if known < RESERVE else limits.capacity

    def _ask(
        self, operation: str, who: Priority, count: int, now: float, *, tells: bool, supposed: str = ""
    ) -> list[Any] | None:
        limits = self._limits
        known = now - self._heard_at < KNOWN_SECONDS
        return self._shared.run(
            "bucket",
            [self._key],
            [
                operation,
                "" if self._clock is None else repr(self._clock()),
                self.rate.capacity if self.rate else 0,
                limits.drain_per_second,
                RESERVE,
                who,
                count,
                int(self._uncounted),
                self._epoch if known else "",
                supposed,
                int(tells),
            ],
        )

    def _take_alone(self, count: int) -> Grant:
        if self.rate is None and not self._taught:
            return Grant(count, 0.0, None)
        now = self._now()
        with self._lock:
            wait = self._alone.wait_seconds(self._limits.drain_per_second, now)
            self._uncounted = self._uncounted or wait <= 0
        if wait > 0:
            return Grant(0, wait, 0)
        return Grant(1, 0.0, 0)
