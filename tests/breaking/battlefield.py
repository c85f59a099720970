"""A whole product whose parts can be killed, frozen and set to a wrong time, with two workers."""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.process import Process
from deploy.stack import ROOT, SandboxOptions, Stack
from tests.stack import database_of_its_own

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

WORKERS = ("worker", "worker2")
CLOCKS = (*WORKERS, "web", "beat", "sandbox")
# A run uses three at most; the stack is made anew when they are used up.
PORTALS = 30
# Others than those that a run chooses, in each portal.
STRANGERS = 12


class Battlefield(Stack):
    """A stack with a second worker; every part can be broken, and :meth:`heal` mends them all."""

    def __init__(self, folder: Path, *, database_url: str = "", redis_server: str = "") -> None:
        clocks = folder / "clocks"
        clocks.mkdir(parents=True)
        self._clocks = {name: clocks / name for name in CLOCKS}
        for name in CLOCKS:
            self.set_clock(name, 0.0)
        super().__init__(
            folder,
            sandbox=SandboxOptions(seed=7, workflows=STRANGERS, portals=PORTALS),
            database_url=database_url,
            redis_server=redis_server,
            variables={
                "PYTHONPATH": str(Path(__file__).with_name("clocks")),
                "BREAKING_CLOCKS": str(clocks),
            },
        )
        self.processes["worker2"] = Process(
            "worker2",
            [
                *(sys.executable, "-m", "celery", "--app", "bxapp", "worker", "--concurrency", "2"),
                *("--without-mingle", "--without-gossip", "--hostname", "worker2@%h"),
            ],
            folder=ROOT,
            environment=self.environment(),
            log=folder / "worker2.log",
        )

    @property
    def is_on_servers(self) -> bool:
        """Whether the database is PostgreSQL and the broker a Redis server."""
        return self.database_url.startswith("postgres")

    def set_clock(self, name: str, wrong_by_seconds: float) -> None:
        """Let a part's clock be wrong from now on; 0 is the true time."""
        with self._clocks[name].open("r+b" if self._clocks[name].exists() else "wb") as file:
            file.write(struct.pack("d", wrong_by_seconds))

    def freeze(self, name: str) -> None:
        """Stop a part, with all its processes, in the middle of whatever it does."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    def start_if_dead(self, name: str) -> None:
        """Start a part that is not alive, without waiting for it."""
        if not self.processes[name].is_alive:
            self.processes[name].kill()
            self.processes[name].start()

    def heal(self) -> None:
        """Thaw and start whatever is not at work, and wait until all are ready."""
        for name in self.processes:
            self.thaw(name)
            self.start_if_dead(name)
        for name in self.processes:
            self.wait_until_ready(name)

    def stop(self, *, grace_seconds: float = 10.0) -> None:
        for name in self.processes:
            self.thaw(name)
        self.processes["worker2"].ask_to_end()
        super().stop(grace_seconds=grace_seconds)
        self.processes["worker2"].kill()

    def _signal(self, name: str, number: int) -> None:
        process = self.processes[name]
        if process.is_alive:
            with suppress(ProcessLookupError):
                os.killpg(process.id, number)

    @property
    def _readiness(self) -> dict[str, Callable[[], bool]]:
        return super()._readiness | {"worker2": partial(_is_ready, self.processes["worker2"])}


def _is_ready(worker: Process) -> bool:
    return " ready." in worker.output()


def battlefields(folder: Path, server: str) -> Generator[Battlefield]:
    """Give one started battlefield after the other; each ends when the next one is asked for.

    ``server`` is a PostgreSQL server's URL, beside which a Redis server is started; "": SQLite and Valkey.
    """
    number = 0
    while True:
        number += 1
        with ExitStack() as ends:
            field = Battlefield(
                folder / f"{int(time.time())}-{number}",
                database_url=ends.enter_context(database_of_its_own(server)) if server else "",
                redis_server="redis-server" if server else "",
            )
            ends.callback(field.stop)
            field.start()
            yield field
