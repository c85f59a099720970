"""Rates that are safe when Redis is gone and the processes cannot know of each other.

Each process takes its share of the limit, so that all together never take more than the portal allows.
"""

from __future__ import annotations


class AloneRate:
    """One process's share of a bucket: half of the drain for jobs, half for the screen, none at once.

    The first request comes only after a full interval. So from the moment Redis was lost all processes
    together send no more than drains, and the bucket, whatever was in it, never gets fuller.
    """

    def __init__(self, processes: int) -> None:
        if processes < 1:
            raise ValueError("There is at least one process.")
        self._processes = processes
        self._next: dict[str, float] = {}
        self._held_until = 0.0

    def wait_seconds(self, who: str, drain_per_second: float, now: float) -> float:
        """Return 0 and count one request, or the seconds until the next one may leave."""
        interval = self._processes / (drain_per_second / 2)
        due = max(self._next.setdefault(who, now + interval), self._held_until)
        if now < due:
            return due - now
        self._next[who] = now + interval
        return 0.0

    def refuse(self, now: float) -> None:
        """The portal refused one all the same: nothing leaves for half a minute, the bucket empties."""
        self._held_until = now + 30.0

    def end(self) -> None:
        """Redis answers again."""
        self._next.clear()


class AloneShare:
    """One process's share of an execution time budget: a part of what was free when Redis was last heard.

    Half of the free seconds, shared by all processes, once; and after a whole window without Redis the same
    part of the limit once per window. What others spent meanwhile is in the other half and in their shares.
    """

    def __init__(self, processes: int) -> None:
        if processes < 1:
            raise ValueError("There is at least one process.")
        self._parts = 2 * processes
        self._left: float | None = None
        self._renewed_at = 0.0

    def take(
        self, count: int, seconds_each: float, *, free: float, limit: float, window: float, now: float
    ) -> int:
        """Return how many of ``count`` calls may be sent, and count their seconds.

        ``free`` is what was left of the budget when Redis was last heard, in seconds. A call too long for
        the share is not sent at all: another process may hold the rest.
        """
        if self._left is None:
            self._left, self._renewed_at = max(0.0, free) / self._parts, now
        elif now - self._renewed_at >= 2 * window:
            # Twice the window: calls under way at the renewal are recorded, and gone, before it counts again.
            self._left, self._renewed_at = limit / self._parts, now
        granted = min(count, int(self._left / seconds_each)) if seconds_each > 0 else count
        self._left -= granted * seconds_each
        return granted

    def end(self) -> None:
        """Redis answers again."""
        self._left = None
