"""The pace on paper: the loads that the product is measured with, on portals in simulated time.

Bounds are those of the portal itself. ``fast_bitrix24`` sends all batches of 50 at once: in the cloud it
takes what one of them takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.terminations.pace.batch_sizes import Allowance
from bxapp.terminations.pace.pacing import Pacer
from bxapp.terminations.pace.portal_memory import PortalMemory
from tests.terminations.portal_model import PortalModel, Run

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def ratio(capsys: pytest.CaptureFixture[str]) -> Callable[[str, Run, float], float]:
    """Print how a run compares with a number of seconds, and return the ratio."""

    def show(name: str, run: Run, seconds: float) -> float:
        with capsys.disabled():
            told = f"{run.seconds:6.2f} s = {run.seconds / seconds:.2f} x {seconds:.2f} s"
            print(f"\n  {name}: {told}, {run.requests} requests", end="")  # noqa: T201  (the table is what this test is read for)
        return run.seconds / seconds

    return show


def test_a_thousand_of_a_tenth_second_in_the_cloud(ratio: Callable[[str, Run, float], float]) -> None:
    portal = PortalModel(0.1)
    first = portal.terminate(1000)
    then = portal.terminate(1000, first.memory)

    assert ratio("1,000 x 100 ms, first", first, 50 * 0.1) <= 0.8
    assert ratio("1,000 x 100 ms, next ", then, 50 * 0.1) <= 0.5
    assert first.refused == then.refused == 0


def test_two_thousand_of_twenty_milliseconds_in_the_cloud(ratio: Callable[[str, Run, float], float]) -> None:
    portal = PortalModel(0.02)
    first = portal.terminate(2000)
    then = portal.terminate(2000, first.memory)

    assert ratio("2,000 x 20 ms, first", first, 50 * 0.02) <= 1.3
    assert ratio("2,000 x 20 ms, next ", then, 50 * 0.02) <= 1.0
    assert first.refused == then.refused == 0


def test_ten_thousand_of_five_milliseconds_in_the_cloud(ratio: Callable[[str, Run, float], float]) -> None:
    portal = PortalModel(0.005)
    first = portal.terminate(10_000)
    then = portal.terminate(10_000, first.memory)

    assert ratio("10,000 x 5 ms, first", first, (200 - 50) / 2) <= 1.05
    assert ratio("10,000 x 5 ms, next ", then, (200 - 50) / 2) <= 1.05
    assert first.refused == then.refused == 0
    # Full batches, and the one call that tells how long one takes.
    assert first.requests <= 201


def test_five_hundred_of_a_fifth_second_on_a_portal_that_serves_eight_at_once(
    ratio: Callable[[str, Run, float], float],
) -> None:
    portal = PortalModel(0.2, served_at_once=8, has_bucket=False, click_every=0.2)
    first = portal.terminate(500)
    then = portal.terminate(500, first.memory)

    assert ratio("500 x 200 ms, 8 at once, first", first, 500 * 0.2 / 8) <= 1.2
    assert ratio("500 x 200 ms, 8 at once, next ", then, 500 * 0.2 / 8) <= 1.2
    for run in (first, then):
        assert max(run.clicks) < 0.5
    assert first.memory.width == 7


def test_three_hundred_of_a_second_in_the_cloud(ratio: Callable[[str, Run, float], float]) -> None:
    portal = PortalModel(1.0)
    first = portal.terminate(300)
    then = portal.terminate(300, first.memory)

    assert ratio("300 x 1 s, first", first, 7.0) <= 1.3
    assert ratio("300 x 1 s, next ", then, 7.0) <= 1.05


@pytest.mark.parametrize(
    ("served_at_once", "spread"),
    [(2, 0.0), *((served, spread) for served in (4, 8, 16, 30) for spread in (0.0, 0.5))],
)
@pytest.mark.parametrize("round_trip", [0.002, 0.1])
def test_the_width_settles_a_little_below_what_the_portal_serves(
    served_at_once: int, spread: float, round_trip: float
) -> None:
    portal = PortalModel(
        0.2,
        served_at_once,
        has_bucket=False,
        spread=spread,
        latency=(round_trip / 3, round_trip * 2 / 3),
        click_every=0.2,
    )
    run = portal.terminate(100 * served_at_once)
    for _ in range(3):
        run = portal.terminate(100 * served_at_once, run.memory)

    assert run.memory.width is not None
    # Besides those at work some are on the road; calls of different length blur the measure a little.
    most = served_at_once * (1 + round_trip / 0.4) * (1.2 if spread else 1.0)
    assert 0.5 * served_at_once <= run.memory.width <= most
    late = sum(wait > 0.5 + 2 * round_trip for wait in run.clicks)
    assert late <= 0.05 * len(run.clicks)


def test_a_portal_that_bears_all_gets_the_whole_width() -> None:
    run = PortalModel(0.2, has_bucket=False).terminate(3000)

    assert run.peak == 45
    assert run.memory.bears is None


def test_a_portal_that_has_become_stronger_is_found_out() -> None:
    weak = PortalModel(0.1, served_at_once=4, has_bucket=False).terminate(500)
    later = PortalModel(0.1, served_at_once=12, has_bucket=False).terminate(10_000, weak.memory)

    assert weak.memory.width == 3
    assert later.memory.width is not None
    assert later.memory.width >= 9


def test_a_portal_that_has_become_weaker_is_found_out() -> None:
    strong = PortalModel(0.1, served_at_once=24, has_bucket=False).terminate(3000)
    later = PortalModel(0.1, served_at_once=6, has_bucket=False, click_every=0.2).terminate(
        1000, strong.memory
    )

    assert later.memory.width is not None
    assert later.memory.width <= 6
    assert sorted(later.clicks)[int(0.8 * len(later.clicks))] < 0.5


def test_server_errors_halve_the_width_and_the_job_ends_all_the_same() -> None:
    run = PortalModel(0.05, has_bucket=False, breaks_above=10).terminate(1000)

    assert run.memory.width is not None
    assert run.memory.width <= 10


@pytest.mark.parametrize("seconds", [0.4, 1.0, 3.0, 7.0, 25.0])
def test_no_request_is_planned_beyond_twenty_seconds(seconds: float) -> None:
    first = PortalModel(seconds).terminate(2000)

    assert first.longest_request <= max(20.0, seconds) * 1.001


@pytest.mark.parametrize(
    "stored", [None, [], "x", {"width": "7"}, {"width": 0, "bears": -1}, {"width": True}]
)
def test_a_memory_that_does_not_fit_is_no_memory(stored: object) -> None:
    assert PortalMemory.from_json(stored) == PortalMemory()


def test_a_memory_survives_being_stored() -> None:
    memory = PortalModel(0.2, served_at_once=8, has_bucket=False).terminate(200).memory

    assert PortalMemory.from_json(memory.as_json()) == memory


def test_a_call_that_hangs_does_not_hold_up_the_others() -> None:
    pacer, allowance = Pacer(), Allowance(45, 2.0)
    assert pacer.plan(100_000, allowance, 0.0).sizes == (1,)
    pacer.sent("hangs", 1, 0.0)

    waiting = pacer.plan(100_000, allowance, 0.5)
    then = pacer.plan(100_000, allowance, 2.5)

    assert (waiting.sizes, waiting.delay_seconds) == ((), 1.5)
    assert then.sizes
