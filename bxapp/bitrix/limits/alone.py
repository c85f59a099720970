"""Rates that are safe when Redis is gone and the processes cannot know of each other.

Each process takes its share of the limit, so that all together never take more than the portal allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Who can tell how much has been called lately gets a new share this often.
RENEWED_EVERY_SECONDS = 60.0


class AloneRate:
    """One process's share of a bucket: half of the drain for all web processes, half for all worker slots.

    There are at most ``processes`` of each kind. Whatever a process sends, for a screen or for a job, is of
    its one share. The first request comes only after a full interval. So from the moment Redis was lost all
    processes together send no more than drains, and the bucket, whatever was in it, never gets fuller.
    """

    def __init__(self, processes: int) -> None:
        if processes < 1:
            raise ValueError("There is at least one process.")
        self._processes = processes
        self._next: float | None = None
        self._held_until = float("-inf")

    def wait_seconds(self, drain_per_second: float, now: float) -> float:
        """Return 0 and count one request, or the seconds until the next one may leave."""
        interval = self._processes / (drain_per_second / 2)
        if self._next is None:
            self._next = now + interval
        due = max(self._next, self._held_until)
        if now < due:
            return due - now
        self._next = now + interval
        return 0.0

    def refuse(self, now: float) -> None:
        """The portal refused one all the same: nothing leaves for half a minute, the bucket empties."""
        self._held_until = now + 30.0

    def end(self) -> None:
        """Redis answers again."""
        self._next = None


class AloneShare:
    """One process's share of an execution time budget: a part of what was free when Redis was last heard.

    Half of the free seconds, shared by all processes, once; and after a whole window without Redis the same
    part of the limit once per window. What others spent meanwhile is in the other half and in their shares.

    Where the caller knows how many calls left lately, whoever sent them, nobody has to wait for that window:
    each minute there is a new share of what they cannot have spent, or the portal's own sum if that is more.
    So a process that has never heard Redis begins at once, and one that stays without it gets about half.
    """

    def __init__(self, processes: int) -> None:
        if processes < 1:
            raise ValueError("There is at least one process.")
        self._parts = 2 * processes
        self._left: float | None = None
        self._renewed_at = 0.0
        # The portal's own sum as it told last, and when.
        self._told: tuple[float, float] | None = None
        self._held_until = float("-inf")

    def take(
        self,
        count: int,
        seconds_each: float,
        *,
        free: float | None,
        limit: float,
        window: float,
        now: float,
        calls_lately: Callable[[], int] | None = None,
    ) -> int:
        """Return how many of ``count`` calls may be sent, and count their seconds.

        ``free`` is what was left of the budget when Redis was last heard, in seconds, None when that is long
        ago. ``calls_lately`` tells how many calls any process sent in the last window, at most. A call too
        long for the share is not sent at all: another process may hold the rest.
        """
        if now < self._held_until:
            return 0
        if self._left is None and (free is not None or calls_lately is None):
            self._left, self._renewed_at = max(0.0, free or 0.0) / self._parts, now
        elif calls_lately is not None:
            if self._left is None or now - self._renewed_at >= RENEWED_EVERY_SECONDS:
                spent = max(calls_lately() * seconds_each, self._told_seconds(now - window))
                self._left, self._renewed_at = max(0.0, limit - spent) / self._parts, now
        elif now - self._renewed_at >= 2 * window:
            # Twice the window: calls under way at the renewal are recorded, and gone, before it counts again.
            self._left, self._renewed_at = limit / self._parts, now
        if self._left is None:
            raise ValueError("There is always a share by now.")
        granted = min(count, int(self._left / seconds_each)) if seconds_each > 0 else count
        self._left -= granted * seconds_each
        return granted

    def hear(self, operating: float, now: float) -> None:
        """The portal told its own sum of what was spent, in seconds."""
        self._told = (operating, now)

    def refuse(self, seconds: float, now: float) -> None:
        """The portal refused a call all the same: nothing goes for so long."""
        self._held_until = max(self._held_until, now + seconds)

    def wait_seconds(self, now: float) -> float:
        """Return how long until there may be more for who can tell what was called lately."""
        return max(self._renewed_at + RENEWED_EVERY_SECONDS, self._held_until) - now

    def end(self) -> None:
        """Redis answers again."""
        self._left = None
        self._held_until = float("-inf")

    def _told_seconds(self, since: float) -> float:
        return self._told[0] if self._told and self._told[1] >= since else 0.0
