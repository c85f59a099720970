"""What is remembered of calls: their usual time, and what the next ones may take at most."""

from __future__ import annotations

import random
from itertools import accumulate

import pytest

from bxapp.bitrix.limits import Work, work_of
from bxapp.terminations.pace.portal_memory import PortalMemory, spread


def heard(memory: PortalMemory, durations: list[float]) -> PortalMemory:
    work = work_of([100.0 + moment for moment in accumulate(durations)])
    assert work is not None
    return memory.with_work(len(durations), work)


def test_the_first_batch_tells_how_much_calls_differ() -> None:
    memory = heard(PortalMemory(), [0.2, 0.1, 0.3, 0.1, 0.3])

    assert memory.seconds_per_command == pytest.approx(0.2)
    assert memory.deviation_seconds == pytest.approx(0.1)
    # How long the first one took is not told.
    assert memory.calls == 4


def test_two_calls_do_not_tell_how_much_calls_differ() -> None:
    assert heard(PortalMemory(), [0.2, 0.4]).deviation_seconds == 0.0


def test_as_long_as_few_are_known_others_may_be_much_longer() -> None:
    few = heard(PortalMemory(), [1.0] * 3)
    many = heard(few, [1.0] * 50)

    assert few.most_seconds_per_command == pytest.approx(1.0 * (1 + 2 / 2))
    assert many.most_seconds_per_command == pytest.approx(1.0 * (1 + 2 / 51))


def test_a_large_batch_outweighs_the_few_before_and_none_the_many() -> None:
    few = heard(heard(PortalMemory(), [1.0] * 2), [2.0] * 48)
    many = heard(heard(PortalMemory(), [1.0] * 1000), [2.0] * 50)

    assert few.seconds_per_command == pytest.approx(1 + 47 / 48)
    assert many.seconds_per_command == pytest.approx(1.1)
    assert many.calls == 1000


def test_what_was_stored_before_calls_were_counted_is_of_many() -> None:
    memory = PortalMemory.from_json({"seconds_per_command": 0.5, "deviation_seconds": 0.1})

    assert memory.most_seconds_per_command == pytest.approx(0.8)
    # A single request does not outweigh them.
    assert heard(memory, [0.1, 0.1]).seconds_per_command == pytest.approx(0.46)
    assert PortalMemory.from_json(memory.as_json()) == memory


@pytest.mark.parametrize("calls", [1, 2, 3, 5, 10, 30])
def test_of_calls_of_any_length_one_batch_in_six_at_most_is_longer_than_planned(calls: int) -> None:
    chance = random.Random(calls)  # noqa: S311  (a model's chance, not a secret)
    batches = 2000
    longer = 0
    for _ in range(batches):
        longest = max(chance.random() for _ in range(calls))
        # Fifty others.
        longer += sum(chance.random() for _ in range(50)) > 50 * longest * spread(calls)

    assert longer / batches < 1 / 6


def test_a_clock_that_was_set_back_makes_no_deviation_that_is_not_a_number() -> None:
    memory = PortalMemory().with_work(3, Work(0.0, (0.0, 0.0)))

    assert memory.most_seconds_per_command == 0.0
