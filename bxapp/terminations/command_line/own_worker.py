"""Working in this process, where no Celery worker does: the same runs, one after the other.

The turn in the database keeps a run from meeting another one, so this is safe beside any number of workers.
"""

from __future__ import annotations

import logging
from threading import Event, Thread

from django.db import connection

from bxapp.journal import writing
from bxapp.terminations.engine import dispatch, sweeping

log = logging.getLogger(__name__)

# Between two runs while another process holds the turn, and before what is not due yet.
_PAUSE_SECONDS = 0.2
_AFTER_ERROR_SECONDS = 5.0


class OwnWorker:
    """A thread that does what is due for one portal until it is stopped; errors do not end it."""

    def __init__(self, portal_id: int) -> None:
        self._portal_id = portal_id
        self._stop = Event()
        # Left behind when the command is interrupted twice, like a worker that is killed.
        self._thread = Thread(target=self._run, name="own-worker", daemon=True)

    @property
    def is_started(self) -> bool:
        return self._thread.ident is not None

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, patience_seconds: float) -> None:
        """Ask the thread to end after its run, and wait for it for a while."""
        self._stop.set()
        if self.is_started:
            self._thread.join(patience_seconds)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    pause_seconds = self._step()
                except Exception:
                    log.exception("A run for portal %s has failed", self._portal_id)
                    pause_seconds = _AFTER_ERROR_SECONDS
                self._stop.wait(pause_seconds)
        finally:
            writing.write()
            connection.close()

    def _step(self) -> float:
        # The question of the sweep, because there may be none: a run that ended with calls under way, by an
        # error or because its turn was lost, leaves them to whoever comes next.
        if sweeping.is_unattended(self._portal_id):
            dispatch.work(self._portal_id)
            writing.write()
        return _PAUSE_SECONDS
