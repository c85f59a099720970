"""The product as it is measured: all processes for real, answers timed, statements counted."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from deploy.ports import LOOPBACK
from deploy.process import Process
from deploy.stack import ROOT, SandboxOptions, Stack
from tests.bench.machine import cpu_seconds
from tests.bench.watch import Watch
from tests.stack import database_of_its_own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DEFAULT_SERVER = "postgres://postgres@127.0.0.1:5432/postgres"
SLOTS = 2


class Stage(Stack):
    """A stack with ``workers`` worker processes of two slots each."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int,
        database_url: str,
        redis_server: str,
        portals: int,
        variables: Mapping[str, str],
    ) -> None:
        self._statements = folder / "statements"
        self._statements.touch()
        super().__init__(
            folder,
            sandbox=SandboxOptions(seed=11, workflows=0, portals=portals),
            database_url=database_url,
            redis_server=redis_server,
            variables={"BENCH_STATEMENTS": str(self._statements), **variables},
        )
        # Serves the product, and tells how long each answer took.
        self.processes["web"] = self._process(
            "web",
            *("gunicorn", "--config", "deploy/gunicorn_settings.py"),
            *("--bind", f"{LOOPBACK}:{self.ports.app}", "tests.bench.timed"),
        )
        # The first one instead of the stack's own, which does not count.
        names = ["worker", *(f"worker{number}" for number in range(2, workers + 1))]
        self.workers = [self._worker(name) for name in names]
        self.processes |= {worker.name: worker for worker in self.workers}

    def _worker(self, name: str) -> Process:
        return self._process(
            name,
            *("celery", "--app", "tests.bench.counting", "worker"),
            *("--concurrency", str(SLOTS), "--without-mingle", "--without-gossip"),
            *("--hostname", f"{name}@%h"),
        )

    def _process(self, name: str, *module: str) -> Process:
        return Process(
            name,
            [sys.executable, "-m", *module],
            folder=ROOT,
            environment=self.environment(),
            log=self.folder / f"{name}.log",
        )

    def stop(self, *, grace_seconds: float = 15.0) -> None:
        # A job that is still at work is not waited for: the database goes with it.
        for worker in self.workers:
            worker.kill()
        super().stop(grace_seconds=grace_seconds)

    @property
    def _readiness(self) -> dict[str, Callable[[], bool]]:
        return super()._readiness | {worker.name: partial(_is_ready, worker) for worker in self.workers}

    @property
    def statements(self) -> int:
        """How many statements the workers have sent to the database."""
        return self._statements.stat().st_size

    def slots(self) -> list[int]:
        """The process IDs of all workers' slots: there the work is done."""
        return [child for worker in self.workers for child in worker.children()]

    def worker_cpu_seconds(self) -> float:
        """Processor time of all workers, with their slots."""
        return sum(map(cpu_seconds, [*(worker.id for worker in self.workers), *self.slots()]))


def _is_ready(worker: Process) -> bool:
    return " ready." in worker.output()


@contextmanager
def staged(
    *, portals: int, workers: int = 1, on_sqlite: bool, variables: Mapping[str, str] | None = None
) -> Iterator[tuple[Stage, Watch]]:
    """Start a product of its own, and take it away with its database when the block ends.

    ``variables`` are added to its environment.

    By default PostgreSQL is the server of ``DATABASE_URL``, Redis a server of its own from the machine's
    ``redis-server``; ``on_sqlite``: SQLite and the embedded Valkey.
    """
    with TemporaryDirectory(prefix="flowstop-bench-") as name:
        if on_sqlite:
            with _running(Path(name), workers, "", "", portals, variables or {}) as running:
                yield running
            return
        with (
            database_of_its_own(os.environ.get("DATABASE_URL", DEFAULT_SERVER)) as database_url,
            _running(Path(name), workers, database_url, "redis-server", portals, variables or {}) as running,
        ):
            yield running


@contextmanager
def _running(
    folder: Path,
    workers: int,
    database_url: str,
    redis_server: str,
    portals: int,
    variables: Mapping[str, str],
) -> Iterator[tuple[Stage, Watch]]:
    stage = Stage(
        folder,
        workers=workers,
        database_url=database_url,
        redis_server=redis_server,
        portals=portals,
        variables=variables,
    )
    stage.start()
    try:
        with Watch(stage.database_url) as watch:
            yield stage, watch
    finally:
        stage.stop()
