"""A program: a pool of two processes loses both at once, several times, then its broker, then one more; then
one and the broker in the same moment.

``python -m tests.breaking.pool_loses_processes MODULE:CLASS`` prints how many processes were alive and
unwatched meanwhile, how many the pool has then, within less time than its own rounds of care take, and how
many at the end.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from celery import concurrency
from kombu.asynchronous.hub import Hub, set_event_loop

if TYPE_CHECKING:
    from collections.abc import Callable

# Whose descriptor gets which number is a matter of chance: Celery's own pool is caught in two of three.
ROUNDS = 8
# The pool looks for dead processes every five seconds by itself.
WITHIN_SECONDS = 3.0
# At the end it has to be left to those rounds.
WITH_ROUNDS_SECONDS = 30.0


def lose_processes(name: str) -> str:
    hub = Hub()
    set_event_loop(hub)
    pool = concurrency.get_implementation(name).Pool(processes=2, threads=False)
    pool.register_with_event_loop(hub)
    pool._pool[0]._popen.returncode = 1
    assert not pool.did_start_ok(), "a process that cannot start would be started for ever"
    pool._pool[0]._popen.returncode = None
    kill(pool._pool)
    # What a worker asks when it reaches the broker for the first time.
    assert pool.did_start_ok(), "the worker would end"
    unwatched = 0
    for _ in range(ROUNDS):
        kill(pool._pool)
        let_pass(hub, lambda: len(pool._pool) == 2 and all(one._is_alive() for one in pool._pool))
        unwatched += sum(one._sentinel_poll is None for one in pool._pool)
    lose_broker(pool, hub)

    victim = pool._pool[0]
    kill([victim])
    let_pass(hub, lambda: victim not in pool._pool and len(pool._pool) == 2)
    told = f"{unwatched} unwatched, {len({*pool._pool} - {victim})} then"

    victim = pool._pool[0]
    # The system has closed its descriptors, but does not tell its parent of its end yet.
    poll, victim._popen.poll = victim._popen.poll, lambda *_: None
    kill([victim])
    let_pass(hub, lambda: victim._sentinel_poll is None)
    lose_broker(pool, hub)
    victim._popen.poll = poll
    let_pass(hub, lambda: victim not in pool._pool and len(pool._pool) == 2, WITH_ROUNDS_SECONDS)
    told += f", {len({*pool._pool} - {victim})} at the end"
    pool.terminate()
    return told


def lose_broker(pool: Any, hub: Hub) -> None:
    """Do what a worker does when the connection to the broker is made anew."""
    pool.flush()
    hub.reset()
    pool.register_with_event_loop(hub)


def kill(processes: list[Any]) -> None:
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)
    # All ends are there when the loop looks again.
    time.sleep(0.05)


def let_pass(hub: Hub, is_over: Callable[[], bool], seconds: float = WITHIN_SECONDS) -> None:
    loop, until = hub.create_loop(), time.monotonic() + seconds
    next(loop)
    while not is_over() and time.monotonic() < until:
        next(loop)


if __name__ == "__main__":
    sys.stdout.write(f"{lose_processes(sys.argv[1])}\n")
