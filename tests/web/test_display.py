"""Moments, ages and counts as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from bxapp.web.templatetags.display import age, age_text, clock, grouped, moment

NOON = datetime(2025, 1, 12, 13, 2, 5, tzinfo=UTC)


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_moment_is_short_in_the_persons_zone_and_full_in_its_title() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        text = _plain(moment(NOON))

    assert text == (
        '<time datetime="2025-01-12T14:02:05+01:00" title="Sunday, 12 January 2025, 14:02:05 CET">'
        "12 Jan 2025, 14:02</time>"
    )


def test_it_breaks_between_date_and_time_only() -> None:
    with timezone.override(UTC):
        shown = moment(NOON).split(">")[1].split("<")[0]

    assert [_plain(part) for part in shown.split(" ")] == ["12 Jan 2025,", "13:02"]


def test_what_is_not_known_is_empty() -> None:
    assert (moment(None), age(None), clock(None), grouped(None)) == ("", "", "", "")


def test_today_is_told_by_the_clock_alone() -> None:
    with timezone.override(UTC):
        now = timezone.now()
        assert f">{now:%H:%M:%S}</time>" in clock(now)
        assert "12 Jan 2025" in _plain(clock(NOON))


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=30), "30 days ago"),
        (timedelta(days=31), "1 month ago"),
        (timedelta(days=365), "11 months ago"),
        (timedelta(days=366), "1 year ago"),
        (timedelta(days=3 * 366), "3 years ago"),
    ],
)
def test_ages(past: timedelta, text: str) -> None:
    assert age_text(NOON - past, NOON) == text


def test_counts_have_their_thousands_apart() -> None:
    with translation.override("en"):
        assert (grouped(0), grouped(999), grouped(1284)) == ("0", "999", "1,284")
    with translation.override("de"):
        assert grouped(1284) == "1.284"
