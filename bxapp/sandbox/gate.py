"""The web server in front of a portal: so many requests at once, the others wait in a queue."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(slots=True)
class Gate:
    """``busy`` requests are being served; ``peak`` is the most there have been at once."""

    busy: int = 0
    peak: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    @asynccontextmanager
    async def entered(self, width: int | None) -> AsyncIterator[None]:
        """Wait until fewer than ``width`` are inside (None: no bound), then be inside."""
        if width is not None and self.busy >= width:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()
                raise
        else:
            self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        self.busy += 1
        self.peak = max(self.peak, self.busy)

    def _leave(self) -> None:
        self.busy -= 1
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                self._enter()
                turn.set_result(None)
                return
