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
# Execution time as tight portals limit it: what the platform does in ten minutes, in half of one.
TIGHT = {
    "operating_limited": True,
    "operating_limit": 6.0,
    "operating_window": 30.0,
    "operating_basket": 3.0,
    "operating_ban": 15.0,
}
_TOLD_OF_TIGHT = {"BITRIX24_OPERATING_RULE": ",".join(str(number) for number in list(TIGHT.values())[1:])}


class Battlefield(Stack):
    """A stack with a second worker; every part can be broken, and :meth:`heal` mends them all."""

    def __init__(
        self, folder: Path, *, database_url: str = "", redis_server: str = "", is_tight: bool = False
    ) -> None:
        # What ended without having been killed.
        self.ended: list[str] = []
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
                **(_TOLD_OF_TIGHT if is_tight else {}),
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

    def start_if_dead(self, name: str, *, spares_children: bool = False) -> None:
        """Start a part that is not alive, without waiting for it; what is left of its group is killed.

        The harness kills by SIGKILL only: whatever has ended otherwise is noted in :attr:`ended`.
        """
        process = self.processes[name]
        if process.is_alive:
            return
        if process.exit_code != -signal.SIGKILL:
            self.ended.append(f"{name} ended by itself with exit code {process.exit_code}")
        if not spares_children:
            process.kill()
        process.start()

    def check_alive(self) -> None:
        """Start anew what has ended; what cannot live is not ready in time."""
        for name in self.processes:
            self.start_if_dead(name)

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


def battlefields(folder: Path, server: str, *, is_tight: bool = False) -> Generator[Battlefield]:
    """Give one started battlefield after the other; each ends when the next one is asked for.

    ``server`` is a PostgreSQL server's URL, beside which a Redis server is started; "": SQLite and Valkey.
    ``is_tight``: for portals that limit execution time as :data:`TIGHT` says.
    """
    number = 0
    while True:
        number += 1
        with ExitStack() as ends:
            field = Battlefield(
                folder / f"{int(time.time())}-{number}",
                database_url=ends.enter_context(database_of_its_own(server)) if server else "",
                redis_server="redis-server" if server else "",
                is_tight=is_tight,
            )
            ends.callback(field.stop)
            field.start()
            yield field
