"""Watches the database for the end of jobs, over one connection that stays open."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_EVERY_SECONDS = 0.02
_FIRST_LOOK_WITHIN = timedelta(minutes=1)


class Watch:
    """Asks every 20 ms, so that a time is at most so much too long, and never too short.

    One thread at a time may use it.
    """

    def __init__(self, database_url: str) -> None:
        self._connection: psycopg.Connection[Any] | sqlite3.Connection
        if database_url.startswith("sqlite"):
            file = database_url.removeprefix("sqlite:///")
            self._connection = sqlite3.connect(
                f"file:{file}?mode=ro", uri=True, timeout=10, check_same_thread=False
            )
        else:
            self._connection = psycopg.connect(database_url, autocommit=True)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, query: str) -> Any:
        """Return the one value that ``query`` answers."""
        (value,) = self._connection.execute(query).fetchone() or (None,)
        return value

    def newest_job(self) -> int:
        """Return the ID of the newest job, 0 when there is none."""
        return int(self.ask("SELECT COALESCE(MAX(id), 0) FROM terminations_job"))

    def await_jobs(
        self, after: int, count: int, *, total: int, seconds: float, check: Callable[[], None]
    ) -> float | None:
        """Return the moment (``perf_counter``) at which ``count`` jobs of ``total`` each, newer than job
        ``after``, have the outcomes of all their workflows; None when that takes longer than ``seconds``.

        ``check`` is called meanwhile; what it raises ends the wait.
        """
        ended = f"id > {int(after)} AND state = 'finished' AND total = {int(total)}"
        query = f"SELECT COUNT(*) FROM terminations_job WHERE {ended}"  # noqa: S608 -- numbers alone
        return self._await(lambda: bool(self.ask(query) >= count), seconds, check)

    def await_looked_for_ghosts(self, seconds: float) -> None:
        """Wait until the look for workflows that came back is over for all jobs that have ended.

        A second one, minutes later, is not waited for.
        """
        soon = (datetime.now(UTC) + _FIRST_LOOK_WITHIN).strftime("%Y-%m-%d %H:%M:%S+00")
        query = f"SELECT COUNT(*) FROM terminations_job WHERE ghosts_due_at < '{soon}'"  # noqa: S608 -- a moment
        self._await(lambda: bool(self.ask(query) == 0), seconds, lambda: None)

    def _await(self, holds: Callable[[], bool], seconds: float, check: Callable[[], None]) -> float | None:
        given_up_at = time.perf_counter() + seconds
        while not holds():
            check()
            if time.perf_counter() > given_up_at:
                return None
            time.sleep(_EVERY_SECONDS)
        return time.perf_counter()
