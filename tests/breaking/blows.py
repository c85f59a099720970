"""Blows against the product's own parts: processes, Redis, the database, the clocks."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import redis

from tests.breaking.murder import Victim
from tests.breaking.thief import Thief

if TYPE_CHECKING:
    from tests.breaking.battle import Battle

_PRODUCT = ("redis", "web", "worker", "worker2", "beat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """Something that goes wrong ``at`` seconds after the beginning, and is over ``seconds`` later.

    ``kind`` is its line in the table.
    """

    at: float
    seconds: float = 0.0
    kind: str = ""

    def strike(self, battle: Battle) -> None:
        raise NotImplementedError

    def relieve(self, battle: Battle) -> None:
        """End it, where it lasts; must not mind when something else has ended it before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillWorker(Blow):
    """SIGKILL to a worker or a part of it; a whole one is started ``seconds`` later."""

    kind: str = "worker killed"
    name: str
    victim: Victim

    def __str__(self) -> str:
        return f"kill -9 {self.name}: {self.victim.value}; anew after {self.seconds:.1f} s"

    def strike(self, battle: Battle) -> None:
        process = battle.field.processes[self.name]
        if not process.is_alive:
            return
        battle.disturbed()
        match self.victim:
            case Victim.EVERYTHING:
                process.kill()
            case Victim.POOL_PROCESS:
                for child in process.children():
                    with suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
            case Victim.LEADER:
                os.kill(process.id, signal.SIGKILL)
                process.wait(10)

    def relieve(self, battle: Battle) -> None:
        # What the dead one's processes still do, they do beside the new one.
        battle.field.start_if_dead(self.name, spares_children=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPart(Blow):
    """SIGKILL to web or beat, to all its processes; started anew ``seconds`` later."""

    name: str

    def __str__(self) -> str:
        return f"kill -9 {self.name}; anew after {self.seconds:.1f} s"

    def strike(self, battle: Battle) -> None:
        battle.field.processes[self.name].kill()

    def relieve(self, battle: Battle) -> None:
        battle.field.start_if_dead(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class KillWeb(KillPart):
    kind: str = "web killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KillBeat(KillPart):
    kind: str = "beat killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KillRedis(KillPart):
    kind: str = "Redis restarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFailure(Blow):
    """SIGKILL to everything of the product at once, Redis included; all is started anew ``seconds`` later."""

    kind: str = "everything killed"

    def __str__(self) -> str:
        return f"kill -9 everything; anew after {self.seconds:.1f} s"

    def strike(self, battle: Battle) -> None:
        battle.disturbed()
        for name in _PRODUCT:
            battle.field.processes[name].kill()

    def relieve(self, battle: Battle) -> None:
        for name in _PRODUCT:
            battle.field.start_if_dead(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(Blow):
    """SIGSTOP to a part with all its processes, SIGCONT ``seconds`` later."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} frozen for {self.seconds:.1f} s"

    def strike(self, battle: Battle) -> None:
        battle.disturbed()
        battle.field.freeze(self.name)

    def relieve(self, battle: Battle) -> None:
        battle.disturbed()
        battle.field.thaw(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeWorker(Freeze):
    kind: str = "worker frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRedis(Freeze):
    kind: str = "Redis paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushRedis(Blow):
    kind: str = "Redis flushed"

    def __str__(self) -> str:
        return "Redis flushed"

    def strike(self, battle: Battle) -> None:
        with redis.Redis.from_url(battle.field.redis_url, socket_timeout=2) as client:
            client.flushall()


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDatabase(Blow):
    """Every connection to PostgreSQL is ended; SQLite's file is locked for ``seconds``."""

    kind: str = "database lost"

    def __str__(self) -> str:
        return f"database: connections dropped, or the file locked for {self.seconds:.1f} s"

    def strike(self, battle: Battle) -> None:
        battle.disturbed()
        if battle.field.is_on_servers:
            drop_connections(battle.field.database_url)
            return
        file = battle.field.database_url.removeprefix("sqlite:///")
        connection = sqlite3.connect(file, isolation_level=None, timeout=2)
        battle.holds.append(connection)
        connection.execute("BEGIN IMMEDIATE")

    def relieve(self, battle: Battle) -> None:
        battle.disturbed()
        if battle.field.is_on_servers:
            drop_connections(battle.field.database_url)
        battle.let_go()


@dataclass(frozen=True, slots=True, kw_only=True)
class RobMessages(Blow):
    """Somebody takes Celery's messages for ``seconds``; each is lost, or delivered twice."""

    lost: float
    seed: int

    def __str__(self) -> str:
        return f"messages for {self.seconds:.1f} s: {self.lost:.0%} lost, the others doubled"

    def strike(self, battle: Battle) -> None:
        battle.thieves.append(Thief(battle.field.redis_url, lost=self.lost, seed=self.seed))
        battle.thieves[-1].start()

    def relieve(self, battle: Battle) -> None:
        while battle.thieves:
            battle.note(f"messages {battle.thieves.pop().end()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseMessages(RobMessages):
    kind: str = "messages lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleMessages(RobMessages):
    kind: str = "messages doubled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetClock(Blow):
    kind: str = "clocks apart"
    name: str
    wrong_by: float

    def __str__(self) -> str:
        return f"clock of {self.name} wrong by {self.wrong_by:+.0f} s"

    def strike(self, battle: Battle) -> None:
        battle.field.set_clock(self.name, self.wrong_by)


def drop_connections(url: str) -> None:
    """End every connection to this PostgreSQL database but our own."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
