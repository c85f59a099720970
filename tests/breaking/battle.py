"""One run: portals are installed, jobs confirmed, blows struck at their moments, and everything mended."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import redis
import requests

from tests.breaking.people import Administrator
from tests.control import Control

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from tests.breaking.battlefield import Battlefield
    from tests.breaking.blows import Blow
    from tests.breaking.plan import JobPlan, Plan, PortalPlan
    from tests.breaking.thief import Thief
    from tests.visitor import Form

PEOPLE = (1, 2)
# Long enough for a job to meet them at work, which are filled in before anybody opens a dialog.
EXECUTING_SECONDS = 12.0
_MISSES = (OSError, sqlite3.Error, psycopg.Error, redis.RedisError, requests.RequestException)


@dataclass(slots=True)
class Camp:
    """One portal of a run. ``number`` is the sandbox's."""

    plan: PortalPlan
    number: int
    control: Control
    people: dict[int, Administrator]
    workflow_ids: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)


class Battle:
    """A plan on a battlefield. Moments of :attr:`log` are Unix seconds."""

    def __init__(self, field: Battlefield, plan: Plan, numbers: list[int]) -> None:
        """``numbers``: portals of the sandbox that nobody has used yet."""
        self.field = field
        self.plan = plan
        self.camps = {
            portal.place: Camp(
                portal,
                number,
                Control(field, portal=number),
                {user_id: Administrator(field, user_id, portal=number) for user_id in PEOPLE},
            )
            for portal, number in zip(plan.portals, numbers, strict=True)
        }
        self.log: list[tuple[float, str]] = []
        self.disturbances: list[float] = []
        self.jobs: dict[int, set[int]] = {}
        self.faults: dict[Blow, int] = {}
        self.holds: list[sqlite3.Connection] = []
        self.thieves: list[Thief] = []
        self.began_at = 0.0
        # When everything that was being executed in a portal has saved itself.
        self.quiet_at = 0.0
        self._ended_before = len(field.ended)
        self._forms: dict[int, Form] = {}
        self._acts: list[Future[None]] = []
        self._pool = ThreadPoolExecutor(max_workers=24, thread_name_prefix="person")

    # --- before, during and after ------------------------------------------------------------------------

    def prepare(self) -> None:
        """Install in every portal, fill it, and let everybody open the dialog: nothing is broken yet."""
        for camp in self.camps.values():
            first, second = (camp.people[user_id] for user_id in PEOPLE)
            first.install()
            for person in (first, second):
                person.open_again()
            for kind, count in camp.plan.kinds.items():
                camp.workflow_ids += camp.control.add_workflows(
                    count, behaviour=kind, seconds=EXECUTING_SECONDS
                )
            if "executing" in camp.plan.kinds:
                self.quiet_at = time.time() + EXECUTING_SECONDS + 1.0
            camp.titles = {one: told["title"] for one, told in camp.control.workflows().items()}
        for job in self.plan.jobs:
            camp = self.camps[job.portal]
            chosen = [camp.workflow_ids[place] for place in job.chosen]
            person = camp.people[job.user_id]
            self._forms[job.number] = person.fill_dialog(chosen, of_all=camp.control if job.of_all else None)
        for camp in self.camps.values():
            camp.control.change_settings(**camp.plan.settings)

    def fight(self) -> None:
        """Do what the plan says, each thing at its moment, or as soon after it as the one before allows."""
        acts: list[tuple[float, str, Callable[[], object]]] = [
            (job.at, str(job), partial(self.begin, partial(self._confirm, job))) for job in self.plan.jobs
        ]
        for blow in self.plan.blows:
            acts.append((blow.at, str(blow), partial(blow.strike, self)))
            acts.append((blow.at + blow.seconds, f"over: {blow}", partial(blow.relieve, self)))
        self.began_at = time.time()
        for moment, text, act in sorted(acts, key=lambda one: one[0]):
            time.sleep(max(0.0, self.began_at + moment - time.time()))
            self.note(text)
            try:
                act()
            except _MISSES as error:
                self.note(f"missed: {error!r}"[:200])

    def mend(self) -> None:
        """End whatever is still broken, and wait until everybody has done what they meant to do."""
        for blow in [*self.faults]:
            blow.relieve(self)
        self.let_go()
        self.field.heal()
        for camp in self.camps.values():
            camp.control.change_settings(life_rate_per_second=0.0)
            self.quiet_at = max(self.quiet_at, time.time() + 1.6 * camp.plan.settings["executing_seconds"])
        self.note("everything is mended")
        for act in self._acts:
            act.result()

    def supervise(self) -> None:
        """Start anew what has ended by itself."""
        for name, process in self.field.processes.items():
            if not process.is_alive:
                self.note(f"{name} has ended by itself with exit code {process.exit_code}: started anew")
                self.disturbed()
                self.field.start_if_dead(name)

    def end(self) -> None:
        """Leave nothing behind that the next run would meet."""
        for thief in self.thieves:
            thief.end()
        self.let_go()
        for blow in [*self.faults]:
            blow.relieve(self)
        self._pool.shutdown(wait=True, cancel_futures=True)
        for name in ("worker", "worker2", "web", "beat", "sandbox"):
            self.field.set_clock(name, 0.0)

    @property
    def ended(self) -> list[str]:
        """What ended in this run without having been killed."""
        return self.field.ended[self._ended_before :]

    # --- for blows ---------------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        self.log.append((time.time(), text))

    def disturbed(self) -> None:
        """Note that from now on answers may go unheard that the portal has given."""
        self.disturbances.append(time.time())

    def begin(self, act: Callable[[], None]) -> None:
        """Let somebody do something beside everything else."""
        self._acts.append(self._pool.submit(act))

    def let_go(self) -> None:
        """End every lock that is held on the database's file."""
        while self.holds:
            self.holds.pop().close()

    def _confirm(self, job: JobPlan) -> None:
        person = self.camps[job.portal].people[job.user_id]
        self.jobs[job.number] = person.confirm(
            self._forms[job.number], job.message, clicks=job.clicks, lends_rights=job.lends_rights
        )
        self.note(f"job {job.number} is confirmed: {sorted(self.jobs[job.number])}")
        for wait, act, told in (
            (job.paused_after, person.pause, "paused"),
            (None if job.paused_after is None else job.paused_for, person.go_on, "let go on"),
            (job.cancelled_after, person.cancel, "cancelled"),
        ):
            if wait is not None:
                time.sleep(wait)
                for job_id in self.jobs[job.number]:
                    act(job_id)
                self.note(f"job {job.number} is {told}")
