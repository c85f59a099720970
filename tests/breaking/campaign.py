"""Many runs, one after the other: each drawn from its own seed, fought, mended, and compared."""

from __future__ import annotations

import signal
import time
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.breaking.battle import Battle
from tests.breaking.battlefield import PORTALS, battlefields
from tests.breaking.blows import SetClock
from tests.breaking.drawing import draw
from tests.breaking.judging import Violation, compare
from tests.breaking.story import tell
from tests.breaking.waiting import wait_for_rest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from tests.breaking.battlefield import Battlefield
    from tests.breaking.plan import Plan

_RUNS_OF_ONE_STACK = 12
# Twice what the longest patience adds up to.
_LONGEST_RUN_SECONDS = 900


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of one run. ``waiting``: jobs that wait honestly."""

    seed: int
    kinds: frozenset[str]
    seconds: float
    violations: Sequence[Violation]
    outcomes: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    waiting: int = 0
    story: str = ""

    # Why the run could not be fought to its end; then it says nothing of the product.
    failure: str = ""

    @property
    def is_clean(self) -> bool:
        return not self.violations and not self.failure

    def as_json(self) -> dict[str, Any]:
        """Return the result for a file that other programs read."""
        return {
            "seed": self.seed,
            "kinds": sorted(self.kinds),
            "seconds": self.seconds,
            "violations": [[one.kind, one.text] for one in self.violations],
            "outcomes": self.outcomes,
            "calls": self.calls,
            "waiting": self.waiting,
            "story": self.story,
            "failure": self.failure,
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> RunResult:
        return cls(
            **{
                **told,
                "kinds": frozenset(told["kinds"]),
                "violations": [Violation(kind, text) for kind, text in told["violations"]],
                "outcomes": Counter(told["outcomes"]),
            }
        )


def fight(field: Battlefield, plan: Plan, first_portal: int) -> RunResult:
    """Fight one run on a started battlefield, in the portals from ``first_portal`` on, and compare."""
    began = time.monotonic()
    numbers = [first_portal + place for place in range(len(plan.portals))]
    battle = Battle(field, plan, numbers)
    try:
        battle.prepare()
        battle.fight()
        battle.mend()
        rest = wait_for_rest(battle)
        battle.supervise()
        clocks = {blow.name: blow.wrong_by for blow in plan.blows if isinstance(blow, SetClock)}
        sandbox_wrong_by = clocks.pop("sandbox", 0.0)
        tolerance = max(map(abs, clocks.values()), default=0.0)
        findings = compare(battle, rest, sandbox_wrong_by, tolerance)
        return RunResult(
            plan.seed,
            kinds_of(plan),
            time.monotonic() - began,
            findings.violations,
            findings.outcomes,
            findings.calls,
            len(rest.waiting),
            tell(battle, findings, rest),
        )
    finally:
        battle.end()


def campaign(seeds: Sequence[int], folder: Path, server: str = "") -> Iterator[RunResult]:
    """Give the result of one run after the other. ``server``: a PostgreSQL server's URL, or "" for SQLite.

    Runs in tight portals come last: they need a stack that is told of them.
    """
    plans = [draw(seed) for seed in seeds]
    for is_tight in (False, True):
        yield from _campaign(
            [plan for plan in plans if plan.is_tight == is_tight],
            battlefields(folder, server, is_tight=is_tight),
        )


def _campaign(plans: Sequence[Plan], fields: Generator[Battlefield]) -> Iterator[RunResult]:
    field = None
    first_portal, fought = 1, 0
    try:
        for plan in plans:
            if (
                field is None
                or fought == _RUNS_OF_ONE_STACK
                or first_portal + len(plan.portals) - 1 > PORTALS
            ):
                field, first_portal, fought = next(fields), 1, 0
            began = time.monotonic()
            try:
                with _no_longer_than(_LONGEST_RUN_SECONDS):
                    result = fight(field, plan, first_portal)
                yield result
            except Exception:  # noqa: BLE001  (a run that cannot be fought is told, and the next one begins)
                seconds = time.monotonic() - began
                yield RunResult(plan.seed, kinds_of(plan), seconds, [], failure=traceback.format_exc())
                field = None
            first_portal += len(plan.portals)
            fought += 1
    finally:
        fields.close()


@contextmanager
def _no_longer_than(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the main thread where it is, when the block takes longer."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"The run was not over after {seconds} s.")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def kinds_of(plan: Plan) -> frozenset[str]:
    """Return everything of the issue's list that a plan has in it."""
    kinds = {blow.kind for blow in plan.blows}
    behaviours = {kind for portal in plan.portals for kind in portal.kinds}
    for behaviour, kind in (
        ("php_failure", "takes its batch down"),
        ("executing", "ghosts"),
        ("title_refused", "title refused"),
        ("corrupt", "corrupt"),
    ):
        if behaviour in behaviours:
            kinds.add(kind)
    if any(job.cancelled_after is not None for job in plan.jobs):
        kinds.add("cancelled")
    if any(job.paused_after is not None for job in plan.jobs):
        kinds.add("paused")
    if any(job.lends_rights for job in plan.jobs):
        kinds.add("rights lent")
    if any(job.clicks > 1 for job in plan.jobs):
        kinds.add("clicked twice")
    chosen = [(job.portal, place) for job in plan.jobs for place in job.chosen]
    if len(chosen) > len(set(chosen)):
        kinds.add("the same set twice")
    if plan.is_tight:
        kinds.add("execution time limited")
    if any(portal.settings["life_rate_per_second"] for portal in plan.portals):
        kinds |= {"ends by itself", "resumes by itself"}
    return frozenset(kinds)
