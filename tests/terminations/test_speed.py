"""How fast a job goes and how long it still takes, from the outcomes of the last half minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bxapp.terminations.jobs import durations, speed
from bxapp.terminations.models import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def job_of(total: int, ended: int, marks: speed.Marks | None) -> Job:
    return Job(total=total, terminated=ended, marks=marks)


def marks_of(outcomes: Sequence[tuple[float, int]]) -> speed.Marks:
    """The marks after so many outcomes at those seconds."""
    marks: speed.Marks = []
    for seconds, ended in outcomes:
        marks = speed.marked(marks, START, ended, after(seconds))
    return marks


def test_a_steady_job() -> None:
    marks = marks_of([(second, 40 * second) for second in range(1, 21)])
    job = job_of(1200, 800, marks)

    assert speed.per_second(job, after(20)) == pytest.approx(40)
    assert speed.seconds_left(job, after(20)) == pytest.approx(10)


def test_the_first_outcome_counts_from_the_start() -> None:
    marks = marks_of([(2.0, 50)])

    assert speed.per_second(job_of(100, 50, marks), after(2)) == pytest.approx(25)


def test_nothing_is_known_before_the_first_outcome() -> None:
    assert speed.per_second(job_of(100, 0, None), after(2)) is None
    assert speed.seconds_left(job_of(100, 0, []), after(2)) is None


def test_the_first_moments_are_no_measure() -> None:
    marks = marks_of([(0.2, 50)])

    assert speed.per_second(job_of(100, 50, marks), after(0.3)) is None


def test_only_the_last_half_minute_counts() -> None:
    slow_then_fast = [(second, second) for second in range(1, 61)] + [
        (60 + second, 60 + 50 * second) for second in range(1, 31)
    ]

    assert speed.per_second(job_of(9999, 1560, marks_of(slow_then_fast)), after(90)) == pytest.approx(
        50, 0.05
    )


def test_a_job_that_has_become_silent_gets_slower_and_then_unknown() -> None:
    marks = marks_of([(second, 10 * second) for second in range(1, 11)])
    job = job_of(1000, 100, marks)

    rates = [speed.per_second(job, after(10 + silence)) or 0.0 for silence in (1, 12, 18)]

    assert rates[0] == pytest.approx(10)
    assert rates[0] > rates[1] > rates[2] > 0
    assert speed.per_second(job, after(60)) is None


def test_a_pause_is_not_part_of_the_rate() -> None:
    marks = marks_of([(1, 50), (2, 100), (600, 150), (602, 200), (604, 250)])

    assert speed.per_second(job_of(1000, 250, marks), after(604)) == pytest.approx(25)


def test_marks_stay_few() -> None:
    marks = marks_of([(tenth / 10, tenth) for tenth in range(1, 2000)])

    assert len(marks) <= 17


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (38.4, "38 s"),
        (60, "1 min"),
        (250, "4 min 10 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_what_was_taken(seconds: float, words: str) -> None:
    assert durations.taken(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2, "a few seconds left"),
        (16.2, "about 20 s left"),
        (55, "about 55 s left"),
        (58, "about 1 min left"),
        (61, "about 2 min left"),
        (3590, "about 1 h left"),
        (7201, "about 2 h 5 min left"),
    ],
)
def test_what_is_left(seconds: float, words: str) -> None:
    assert durations.left(seconds) == words


@pytest.mark.parametrize(
    ("per_second", "words"),
    [(41.3, "41 per second"), (1234, "1,234 per second"), (0.2, "12 per minute"), (0.001, "1 per minute")],
)
def test_the_rate(per_second: float, words: str) -> None:
    assert durations.rate(per_second) == words
