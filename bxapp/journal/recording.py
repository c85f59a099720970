"""Taking exchanges in: any thread may, without a database, and what goes wrong here stops no work."""

from __future__ import annotations

import logging
import time
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING

from bxapp.journal.entries import entry_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bxapp.bitrix.client import Exchange
    from bxapp.journal.models import JournalEntry

log = logging.getLogger(__name__)

# While the database takes no rows the oldest are dropped beyond this, so that memory stays flat.
_MOST_ENTRIES = 2000


def recorder(
    *, member_id: str = "", job_id: int | None = None, also: Callable[[Exchange], None] | None = None
) -> Callable[[Exchange], None]:
    """Return what a client tells its exchanges to; safe in any thread, and never raises by itself.

    ``member_id``: the portal they are with, where that is known. ``job_id``: the job they are made for.
    ``also``: who else is told of them.
    """

    def record(exchange: Exchange) -> None:
        try:
            WAITING.add(entry_of(exchange, member_id, job_id))
        except Exception:
            # Whatever is wrong with a row, the request was made, and its answer counts.
            log.exception("A request to %s could not be journalled", exchange.method)
        if also is not None:
            also(exchange)

    return record


class _Waiting:
    """The rows of this process that are not written yet."""

    def __init__(self) -> None:
        self._entries: deque[JournalEntry] = deque()
        self._since = 0.0
        self._lock = Lock()

    def add(self, entry: JournalEntry) -> None:
        with self._lock:
            if not self._entries:
                self._since = time.monotonic()
            self._entries.append(entry)
            self._cut()

    def take(self) -> list[JournalEntry]:
        """Return all rows and keep none."""
        with self._lock:
            taken = list(self._entries)
            self._entries.clear()
        return taken

    def put_back(self, entries: Sequence[JournalEntry]) -> None:
        """Keep rows that could not be written, to be tried again."""
        with self._lock:
            self._entries.extendleft(reversed(entries))
            self._since = time.monotonic()
            self._cut()

    def waited_seconds(self) -> float:
        """Return for how long the oldest row has waited, or since it was last tried; 0 without one."""
        with self._lock:
            return time.monotonic() - self._since if self._entries else 0.0

    def __len__(self) -> int:
        return len(self._entries)

    def _cut(self) -> None:
        if (excess := len(self._entries) - _MOST_ENTRIES) > 0:
            for _ in range(excess):
                self._entries.popleft()
            log.warning("%s rows of the journal are lost: the database does not take them", excess)


WAITING = _Waiting()
