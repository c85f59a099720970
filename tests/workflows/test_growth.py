"""What runs away: which rise is worth a sentence, and compared with which visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bxapp.workflows import overview_words
from bxapp.workflows.growth import MOST_SHOWN, Rise, rises
from bxapp.workflows.overview_counts import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def counts(ago: timedelta, templates: Mapping[int, int], others: int | None = 0) -> Counts:
    return Counts(NOW - ago, sum(templates.values()), templates=templates, other_templates=others)


def earlier(*visits: Counts) -> Callable[[datetime], Counts | None]:
    """Return how an earlier visit is found among these."""

    def newest(until: datetime) -> Counts | None:
        found = [visit for visit in visits if visit.counted_at <= until]
        return max(found, key=lambda visit: visit.counted_at, default=None)

    return newest


def test_nothing_is_said_at_the_first_visit() -> None:
    assert rises(counts(timedelta(), {1: 5000}), earlier()) == []


def test_a_template_that_runs_away_is_told_with_the_visit_it_is_compared_with() -> None:
    before = counts(DAY, {1: 900, 2: 100})

    assert rises(counts(timedelta(), {1: 900, 2: 484}), earlier(before)) == [Rise(2, 384, NOW - DAY)]


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [
        (0, 19, False),
        (0, 20, True),
        (100, 119, False),
        (100, 120, True),
        (1000, 1199, False),
        (1000, 1200, True),
        (1000, 10, False),
    ],
)
def test_small_rises_are_noise(before: int, now: int, is_told: bool) -> None:
    found = rises(counts(timedelta(), {1: now}), earlier(counts(DAY, {1: before})))

    assert bool(found) is is_told


def test_a_visit_of_the_last_hour_is_the_same_visit() -> None:
    assert rises(counts(timedelta(), {1: 500}), earlier(counts(timedelta(minutes=59), {1: 10}))) == []


def test_what_grew_since_the_last_visit_comes_before_what_grew_since_yesterday() -> None:
    visits = earlier(counts(timedelta(hours=2), {1: 900, 2: 10}), counts(DAY, {1: 100, 2: 10}))

    assert rises(counts(timedelta(), {1: 900, 2: 60}), visits) == [Rise(2, 50, NOW - timedelta(hours=2))]
    assert rises(counts(timedelta(), {1: 900, 2: 10}), visits) == [Rise(1, 800, NOW - DAY)]


def test_slow_growth_is_seen_over_a_week() -> None:
    week = timedelta(days=7)
    visits = earlier(counts(DAY, {1: 195}), counts(week, {1: 100}))

    assert rises(counts(timedelta(), {1: 200}), visits) == [Rise(1, 100, NOW - week)]


def test_a_template_that_was_not_counted_then_is_not_compared() -> None:
    now = counts(timedelta(), {7: 300})

    assert rises(now, earlier(counts(DAY, {1: 5}, others=400))) == []
    assert rises(now, earlier(counts(DAY, {1: 5}, others=None))) == []
    # Nothing else ran then: so nothing of this one did.
    assert rises(now, earlier(counts(DAY, {1: 5}, others=0))) == [Rise(7, 300, NOW - DAY)]


def test_the_largest_come_first_and_few_are_enough() -> None:
    now = counts(timedelta(), {number: 100 * number for number in range(1, 8)})

    found = rises(now, earlier(counts(DAY, {})))

    assert [rise.template_id for rise in found] == [7, 6, 5][:MOST_SHOWN]


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(hours=3), "Since 12:30 today"),
        (DAY, "Since yesterday at 15:30"),
        (timedelta(days=4), "Since 28 Feb 2026"),
    ],
)
def test_it_is_said_with_the_moment(ago: timedelta, said: str) -> None:
    assert overview_words.since(NOW - ago, NOW) == said


def test_the_number_comes_first_and_hidden_templates_are_called_rules() -> None:
    assert overview_words.more(1384) == "+1,384"
    assert overview_words.template("Invoice approval", 7) == "Invoice approval"
    assert overview_words.template("", 7) == "Automation rule no. 7"
