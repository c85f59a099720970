"""The worker's pool of processes: Celery's own, and whichever of them die when, the worker goes on.

Where two processes end in the same moment, both ends wait in one round of the event loop. The first one's
care closes both descriptors by which the ends are seen and starts successors, one of which may get the number
of the second descriptor. The second end, which names that number, is then taken for an end of the successor:
it lives, and nobody watches it any more. When such a worker loses its broker, however much later, Celery
cannot watch all of its processes again, and ends: "file descriptor is None" (seen with Celery 5.7).

The same error ends it where a process is seen to end a moment before the system lets its parent take note,
and the broker is lost in this moment. There is nothing to watch any more then; the pool's own round, every
five seconds, starts the successor.

And Celery ends a worker whose process died before the broker was reached for the first time. Here that holds
where it ended by itself, as one does that cannot start; where it was killed it gets a successor, as later.

The name of this module says "prefork", by which Celery's care for Django's connections knows such a pool.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool

if TYPE_CHECKING:
    from billiard.process import BaseProcess
    from kombu.asynchronous.hub import Hub


_NOT_WATCHED_YET = -1


class WatchingPool(AsynPool):
    """A pool that believes the end of a process only where its own descriptor shows it."""

    def _event_process_exit(self, hub: Hub, proc: BaseProcess) -> None:
        if _is_over(proc._sentinel_poll):  # type: ignore[attr-defined]  # Celery offers nothing public
            super()._event_process_exit(hub, proc)  # type: ignore[misc]

    def did_start_ok(self) -> bool:
        processes: list[BaseProcess] = self._pool  # type: ignore[attr-defined]
        if any((one.exitcode or 0) > 0 for one in processes):
            return False
        self.maintain_pool()
        return True

    def _track_child_process(self, proc: BaseProcess, hub: Hub) -> None:
        if getattr(proc, "_sentinel_poll", _NOT_WATCHED_YET) is not None:
            super()._track_child_process(proc, hub)  # type: ignore[misc]


class WatchingTaskPool(TaskPool):
    """What the setting ``worker_pool`` names."""

    Pool = WatchingPool


def _is_over(sentinel: int | None) -> bool:
    if sentinel is None:
        return False  # has been heard of
    poll = select.poll()
    poll.register(sentinel, select.POLLIN)
    return bool(poll.poll(0))
