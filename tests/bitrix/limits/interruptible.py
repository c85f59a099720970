"""Redis as a process sees it: there or gone, and able to lose what it knew of one portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bxapp.bitrix.limits import Shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis


class Interruptible(Shared):
    """The real scripts on the real server, and a switch."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.gone = False

    def run(
        self, name: str, keys: Sequence[str], arguments: Sequence[str | bytes | int | float]
    ) -> list[Any] | None:
        return None if self.gone else super().run(name, keys, arguments)

    def forget(self, portal: str) -> None:
        """Lose every key of a portal, as a flushed or restarted server does."""
        for key in self._redis.scan_iter(f"limits:{{{portal}}}:*"):
            self._redis.delete(key)
