"""The budget against a portal written from the facts: no call is refused, and little time is lost."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bxapp.bitrix.limits import OperatingRule
from tests.bitrix.limits.conftest import Clock
from tests.bitrix.limits.portal_run import PortalRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bitrix.limits.interruptible import Interruptible

# Thousands of round trips to a real server. A time limit that strikes in the middle of one leaves its answer
# to the next example, which then fails for nothing: the limit is for what hangs.
pytestmark = pytest.mark.timeout(900)

SHORT = OperatingRule(limit=48.0, window=60.0, basket=6.0, ban=30.0)
FORMS = pytest.mark.parametrize("bans", [False, True], ids=["recorded", "ban"])
_SIMULATED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _latency(seed: int) -> Callable[[], float]:
    chance = random.Random(seed)  # noqa: S311  (a model's chance, not a secret)
    return lambda: chance.uniform(0.0005, 0.0015)


@FORMS
def test_three_hundred_half_seconds_take_no_longer_than_a_tenth_above_the_bound(
    interruptible: Interruptible, portal: str, bans: bool
) -> None:
    run = PortalRun(
        interruptible, portal, Clock(), SHORT, [0.5] * 300, bans, width=45, batch=50, latency=_latency(1)
    )

    seconds = run.run()

    assert run.server.refused == 0
    assert seconds <= 180 * 1.10


@FORMS
def test_volleys_of_single_calls_go_over_the_budget_together(
    interruptible: Interruptible, portal: str, bans: bool
) -> None:
    run = PortalRun(
        interruptible,
        portal,
        Clock(),
        SHORT,
        [0.5] * 300,
        bans,
        width=45,
        batch=50,
        latency=_latency(2),
        launch_seconds=0.1,
    )

    seconds = run.run()

    assert run.server.refused == 0
    assert seconds <= 130


def test_a_portal_that_tells_no_operating_is_not_held_back(interruptible: Interruptible, portal: str) -> None:
    run = PortalRun(interruptible, portal, Clock(), SHORT, [0.5] * 300, limited=False, width=20)

    assert run.run() < 12


def test_short_calls_of_which_nothing_is_recorded_do_not_use_the_budget_up(
    interruptible: Interruptible, portal: str
) -> None:
    run = PortalRun(interruptible, portal, Clock(), SHORT, [0.02] * 4000, width=20, batch=4)

    assert run.run() < 10
    assert run.server.refused == 0


@_SIMULATED
@given(
    durations=st.lists(st.floats(0.01, 4.0), min_size=20, max_size=120),
    bans=st.booleans(),
    processes=st.integers(1, 3),
    width=st.integers(1, 45),
    batch=st.integers(1, 50),
    skew=st.floats(-90, 90),
    seed=st.integers(0, 2**32),
    launch=st.sampled_from([None, None, 0.5]),
    deaths=st.lists(st.tuples(st.floats(0, 120), st.integers(0, 2)), max_size=6),
)
def test_no_call_is_refused_whoever_dies(
    interruptible: Interruptible,
    durations: list[float],
    bans: bool,
    processes: int,
    width: int,
    batch: int,
    skew: float,
    seed: int,
    launch: float | None,
    deaths: list[tuple[float, int]],
) -> None:
    chance = random.Random(seed)  # noqa: S311  (a model's chance, not a secret)
    clock = Clock(1_760_000_000.0 + chance.uniform(0, 60))
    run = PortalRun(
        interruptible,
        uuid4().hex,
        clock,
        SHORT,
        durations,
        bans,
        processes=processes,
        width=width,
        batch=batch,
        latency=lambda: chance.uniform(0.001, 0.4),
        skew=skew,
        launch_seconds=launch,
    )
    for moment, number in deaths:
        if number < processes:
            run.at(moment, partial(run.kill, number))

    # Each death may cost a whole window: what the dead one had sent is counted as late as it can end.
    run.run(longest=(sum(durations) / SHORT.limit + len(deaths) + 2) * (SHORT.window + 2 * SHORT.basket) + 60)

    assert run.server.refused == 0


@_SIMULATED
@given(
    durations=st.lists(st.floats(0.05, 2.0), min_size=60, max_size=150),
    bans=st.booleans(),
    width=st.integers(1, 30),
    batch=st.integers(1, 20),
    seed=st.integers(0, 2**32),
    flushes=st.lists(st.floats(0, 120), min_size=1, max_size=6),
)
def test_a_flushed_redis_learns_from_the_process_that_was_there(
    interruptible: Interruptible,
    durations: list[float],
    bans: bool,
    width: int,
    batch: int,
    seed: int,
    flushes: list[float],
) -> None:
    chance, portal = random.Random(seed), uuid4().hex  # noqa: S311  (a model's chance)
    run = PortalRun(
        interruptible,
        portal,
        Clock(),
        SHORT,
        durations,
        bans,
        width=width,
        batch=batch,
        latency=lambda: chance.uniform(0.001, 0.2),
    )
    for moment in flushes:
        run.at(moment, lambda: interruptible.forget(portal))

    run.run()

    assert run.server.refused == 0


@_SIMULATED
@given(
    durations=st.lists(st.floats(0.05, 2.0), min_size=60, max_size=150),
    bans=st.booleans(),
    seed=st.integers(0, 2**32),
    cut_at=st.floats(0, 60),
    cut_for=st.floats(1, 300),
    lost=st.booleans(),
)
def test_without_redis_the_rest_of_the_budget_is_shared_and_no_call_is_refused(
    interruptible: Interruptible,
    durations: list[float],
    bans: bool,
    seed: int,
    cut_at: float,
    cut_for: float,
    lost: bool,
) -> None:
    chance, portal = random.Random(seed), uuid4().hex  # noqa: S311  (a model's chance)
    run = PortalRun(
        interruptible,
        portal,
        Clock(),
        SHORT,
        durations,
        bans,
        width=20,
        batch=10,
        latency=lambda: chance.uniform(0.001, 0.2),
    )

    def cut() -> None:
        interruptible.gone = True

    def mend() -> None:
        interruptible.gone = False
        if lost:
            interruptible.forget(portal)

    run.at(cut_at, cut)
    run.at(cut_at + cut_for, mend)

    run.run()
    interruptible.gone = False

    assert run.server.refused == 0


@_SIMULATED
@given(
    durations=st.lists(st.floats(0.05, 2.0), min_size=60, max_size=150),
    bans=st.booleans(),
    width=st.integers(1, 30),
    # No request lasts longer than its reservation, which is 20 s here.
    batch=st.integers(1, 9),
    skew=st.floats(-90, 90),
    seed=st.integers(0, 2**32),
    flushes=st.lists(st.tuples(st.floats(0, 120), st.booleans()), min_size=1, max_size=4),
)
def test_a_flushed_redis_and_a_process_that_was_not_there_are_no_new_budget(
    interruptible: Interruptible,
    durations: list[float],
    bans: bool,
    width: int,
    batch: int,
    skew: float,
    seed: int,
    flushes: list[tuple[float, bool]],
) -> None:
    chance, portal = random.Random(seed), uuid4().hex  # noqa: S311  (a model's chance)
    run = PortalRun(
        interruptible,
        portal,
        Clock(),
        SHORT,
        durations,
        bans,
        width=width,
        batch=batch,
        latency=lambda: chance.uniform(0.001, 0.2),
        skew=skew,
        knows_calls=True,
    )

    def flush(dies: bool) -> None:
        interruptible.forget(portal)
        if dies:
            run.kill(0)

    for moment, dies in flushes:
        run.at(moment, partial(flush, dies))

    run.run()

    assert run.server.refused == 0
