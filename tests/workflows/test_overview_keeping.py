"""Overviews kept for comparison: few, of the right age, and as they were counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bxapp.portals.models import Portal
from bxapp.workflows import overview_keeping
from bxapp.workflows.models import KeptOverview
from bxapp.workflows.overview_counts import Counts, packed, unpacked
from bxapp.workflows.overview_words import age, least_of_age

if TYPE_CHECKING:
    from tests.workflows.conftest import Frame

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_counts_come_back_as_they_were_kept() -> None:
    counts = Counts(
        NOW,
        1284,
        oldest=NOW - 9000 * HOUR,
        hung=31,
        hung_is_rough=True,
        dismissed=402,
        dismissed_is_least=True,
        rules=12,
        kinds={"deal": 900},
        templates={7: 900, 8: 384},
        other_templates=3,
        likely_templates={9: 3},
        listed_templates=frozenset({7, 8}),
        unnamed_starters=frozenset({100}),
    )

    assert unpacked(packed(counts), NOW) == counts
    assert unpacked(packed(Counts(NOW, 0)), NOW) == Counts(NOW, 0)


@pytest.mark.django_db
def test_visits_are_kept_an_hour_apart_and_the_newest_always(frame: Frame) -> None:
    portal = Portal.objects.get()

    for minutes in range(0, 300, 10):
        overview_keeping.keep(portal, Counts(NOW + timedelta(minutes=minutes), minutes))

    kept = list(KeptOverview.objects.order_by("counted_at").values_list("content__total", flat=True))
    assert kept == [0, 60, 120, 180, 240, 290]
    newest = overview_keeping.latest(portal)
    assert newest
    assert newest.total == 290
    before = overview_keeping.latest(portal, until=NOW + timedelta(minutes=170))
    assert before
    assert before.total == 120


@pytest.mark.django_db
def test_old_ones_go(frame: Frame) -> None:
    portal = Portal.objects.get()
    overview_keeping.keep(portal, Counts(NOW - overview_keeping.KEPT_FOR - HOUR, 1))

    overview_keeping.keep(portal, Counts(NOW, 2))

    assert list(KeptOverview.objects.values_list("content__total", flat=True)) == [2]


@pytest.mark.django_db
def test_nothing_is_kept_for_a_portal_that_has_gone(frame: Frame) -> None:
    portal = Portal.objects.get()
    Portal.objects.update(state=Portal.State.UNINSTALLED)

    overview_keeping.keep(portal, Counts(NOW, 2))

    assert not KeptOverview.objects.exists()


@pytest.mark.parametrize(
    ("hours", "said", "least_hours"),
    [
        (0, "0 minutes", None),
        (0.5, "30 minutes", None),
        (1.5, "1 hour", 1),
        (47, "1 day", 24),
        (24 * 45, "1 month", 24 * 30),
        (24 * 364, "11 months", 24 * 334),
        (24 * 1200, "3 years", 24 * 3 * 365),
        (24 * 365.25 * 300, "300 years", 24 * 100 * 365),
    ],
)
def test_an_age_and_what_lists_all_of_it(hours: float, said: str, least_hours: int | None) -> None:
    passed = hours * HOUR

    assert age(passed) == said
    least = least_of_age(passed)
    assert least == (None if least_hours is None else least_hours * HOUR)
    assert least is None or least <= passed
