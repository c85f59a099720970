"""Ways to kill a worker with SIGKILL while it works."""

from __future__ import annotations

import os
import signal
import time
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.process import Process
    from deploy.stack import Stack


class Victim(Enum):
    EVERYTHING = "the worker with all its processes"
    # Celery starts another and delivers the message again.
    POOL_PROCESS = "the process that runs the task"
    # Its processes finish what they have begun, while a new worker is already there.
    LEADER = "the worker's main process"


def kill_worker(stack: Stack, victim: Victim) -> None:
    """Kill the worker, or a part of it, and have a whole one again."""
    worker = stack.processes["worker"]
    match victim:
        case Victim.EVERYTHING:
            worker.kill()
        case Victim.POOL_PROCESS:
            for child in worker.children():
                os.kill(child, signal.SIGKILL)
            return
        case Victim.LEADER:
            os.kill(worker.id, signal.SIGKILL)
            worker.wait(10)
    stack.restart("worker")


def leaves_nobody(group_id: int, within_seconds: float) -> bool:
    """Wait until no process of a group is left; returns whether that came true in time."""
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        try:
            os.killpg(group_id, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.2)
    os.killpg(group_id, signal.SIGKILL)
    return False


def group_of(process: Process) -> int:
    """The process group of a part of the stack, to look for survivors later."""
    return process.id
