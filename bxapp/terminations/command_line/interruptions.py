"""Ctrl-C as a wish instead of an exception: the first one cancels the job, the second one leaves at once."""

from __future__ import annotations

import signal
from threading import Event
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruptions:
    """Counts Ctrl-C and SIGTERM inside its block, which must be run by the main thread."""

    def __init__(self) -> None:
        self.count = 0
        self._heard = Event()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for one in _SIGNALS:
            self._before[one] = signal.signal(one, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def wait(self, seconds: float) -> None:
        """Wait for a while, or until the next interruption."""
        self._heard.wait(seconds)
        self._heard.clear()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self._heard.set()
