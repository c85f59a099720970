"""Drawing a plan from a seed: portals, jobs, and what goes wrong when."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from tests.breaking import armoury
from tests.breaking.battlefield import TIGHT
from tests.breaking.drills import DRILLS
from tests.breaking.plan import JobPlan, Plan, PortalPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.breaking.blows import Blow

# Kinds of workflows with how often a portal has some, and at most how many.
_KINDS = (
    ("hung", 0.3, 5),
    ("slow", 0.4, 3),
    ("executing", 0.3, 3),
    ("corrupt", 0.15, 2),
    ("php_failure", 0.12, 1),
    ("title_refused", 0.3, 4),
    ("halfway", 0.25, 3),
    ("parent", 0.2, 2),
)
_MESSAGES = (
    "Stopped: the budget is over",
    "Остановлено администратором",
    "100% done #3 & more=1? + [x]",
    "$result[stop_1][0] stays as typed",
    "<b>not</b> bold; ../ and union select 1",
    "توقف 🙂 终止",
    "m" * 240,
    "{user}, {date}: begun {started}",
)
_JOBS_BEGIN_WITHIN = 3.0
# Seeds before these keep the plans that they had: tests and mutations name some.
_TIGHT_FROM, _ONE_IN_TIGHT = 6000, 5
# From here on calls there take between half and one and a half times as long as on average.
_UNEVEN_FROM = 7000
# From here on every other job is chosen from the list of everything that runs, which counts as a look.
_OF_ALL_FROM = 8000
# From here on some portals answer with something else in the place of a list, and the list is all there is.
_LISTS_FROM = 9000


def draw(seed: int) -> Plan:
    """Return the plan of a seed, always the same one; negative ones are drills, made by hand."""
    if seed in DRILLS:
        return DRILLS[seed]
    chance = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    is_tight = seed >= _TIGHT_FROM and seed % _ONE_IN_TIGHT == 0
    portals = tuple(
        _portal(chance, place, is_tight=is_tight, is_even=seed < _UNEVEN_FROM)
        for place in range(1, chance.choice((1, 1, 2, 3)) + 1)
    )
    jobs: list[JobPlan] = []
    for portal in portals:
        jobs += _jobs(chance, portal, len(jobs), may_choose_all=seed >= _OF_ALL_FROM)
    blows: list[Blow] = []
    for _ in range(chance.choice((1, 2, 3, 3, 4, 5))):
        blows += armoury.draw_blow(chance, portals, jobs)
    if chance.random() < 0.2:
        blows += armoury.draw_clocks(chance)
    if seed >= _LISTS_FROM and chance.random() < 0.3:
        blows += armoury.draw_unreadable_lists(chance, portals, jobs)
    if is_tight:
        blows = [blow for blow in blows if blow.kind != "ends by itself"]
    return Plan(seed, portals, tuple(jobs), tuple(sorted(blows, key=lambda blow: blow.at)), is_tight)


def _portal(chance: random.Random, place: int, *, is_tight: bool, is_even: bool) -> PortalPlan:
    kinds = {"normal": chance.choice((3, 10, 25, 60, 110))}
    for kind, share, most in _KINDS:
        if chance.random() < share:
            kinds[kind] = chance.randint(1, most)
    settings: dict[str, Any] = {
        "terminate_seconds": chance.choice((0.0, 0.02, 0.1, 0.2)),
        "terminate_spread": 0.5,
        "slow_terminate_seconds": chance.choice((0.5, 2.0)),
        "list_seconds": chance.choice((0.0, 0.02, 0.2)),
        "time_form": chance.choice(("older", "newer")),
        "executing_seconds": chance.choice((2.0, 5.0)),
        "title_rule": chance.choice(("cut", "refuse")),
        "life_rate_per_second": chance.choice((0.0, 0.0, 2.0, 8.0)),
        "rate_limited": chance.random() < 0.3,
    }
    if is_tight:
        apart = _apart(chance, place)
        settings |= {**TIGHT, "operating_form": apart.choice(("recorded", "ban")), "terminate_seconds": 0.2}
        settings |= {"terminate_spread": 0.0 if is_even else 0.5, "life_rate_per_second": 0.0}
        # None fails, and none takes many times as long as those before: after a failed one of a batch the
        # server counts the others from the one before, which nobody can foresee.
        # A job needs more than may be spent at once, and little enough to end.
        kinds = {"normal": apart.choice((30, 45, 60))}
    return PortalPlan(place, settings, kinds)


def _jobs(chance: random.Random, portal: PortalPlan, first: int, *, may_choose_all: bool) -> list[JobPlan]:
    """One to three jobs of a portal, which may name the same workflows."""
    every = range(portal.total)
    jobs: list[JobPlan] = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        chosen = _chosen(chance, every, jobs)
        number = first + len(jobs) + 1
        jobs.append(
            JobPlan(
                number,
                portal.place,
                chance.choice((1, 2)),
                tuple(chosen),
                # A message of its own for every job: the portal's record then tells whose call it was.
                f"{chance.choice(_MESSAGES)} · {number}",
                chance.uniform(0.0, _JOBS_BEGIN_WITHIN),
                clicks=2 if chance.random() < 0.15 else 1,
                cancelled_after=chance.uniform(0.0, 5.0) if chance.random() < 0.2 else None,
                paused_after=chance.uniform(0.0, 3.0) if chance.random() < 0.15 else None,
                paused_for=chance.uniform(0.5, 6.0),
                lends_rights=(apart := _apart(chance, number)).random() < 0.25,
                of_all=may_choose_all and apart.random() < 0.5,
            )
        )
    return jobs


def _apart(chance: random.Random, number: int) -> random.Random:
    """Return chance of its own, so that what is drawn with it leaves everything else as it was."""
    return random.Random(f"{chance.getstate()[1][:3]}/{number}")  # noqa: S311  (repeatable on purpose)


def _chosen(chance: random.Random, every: Sequence[int], jobs: Sequence[JobPlan]) -> list[int]:
    if jobs and chance.random() < 0.5:
        return list(jobs[0].chosen)
    count = max(1, round(len(every) * chance.uniform(0.3, 1.0)))
    return sorted(chance.sample(list(every), count))
