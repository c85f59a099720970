"""The work of a request, from its finish stamps."""

from __future__ import annotations

import pytest

from bxapp.bitrix.limits import Work, work_of


def test_the_first_command_counts_as_much_as_the_others_on_average() -> None:
    told = work_of([10.0, 10.2, 10.6])

    assert told is not None
    assert told.seconds == pytest.approx(0.9)
    assert told.durations == pytest.approx((0.2, 0.4))


@pytest.mark.parametrize("stamps", [[], [10.0]])
def test_fewer_than_two_stamps_tell_nothing(stamps: list[float]) -> None:
    assert work_of(stamps) is None


def test_a_clock_that_was_set_back_makes_no_negative_work() -> None:
    assert work_of([10.0, 9.0]) == Work(0.0, (0.0,))
