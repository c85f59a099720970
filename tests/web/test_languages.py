"""Moments, ages and counts in each of the seven languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone, translation

from bxapp.web import dates
from bxapp.web.templatetags.display import age, age_text, clock, grouped, moment, thousands_separator

AFTERNOON = datetime(2025, 5, 3, 13, 2, 5, tzinfo=UTC)
LANGUAGES = [code for code, _ in settings.LANGUAGES]
WRITTEN = {
    "en": ("3 May 2025, 15:02", "Saturday, 3 May 2025, 15:02:05 CEST", "3 May 2025"),
    "ru": ("03.05.2025, 15:02", "Суббота, 3 мая 2025, 15:02:05 CEST", "03.05.2025"),
    "de": ("03.05.2025, 15:02", "Samstag, 3. Mai 2025, 15:02:05 CEST", "03.05.2025"),
    "es": ("03/05/2025, 15:02", "Sábado, 3 de mayo de 2025, 15:02:05 CEST", "03/05/2025"),
    "pt-br": ("03/05/2025, 15:02", "Sábado, 3 de maio de 2025, 15:02:05 CEST", "03/05/2025"),
    "fr": ("03/05/2025 15:02", "Samedi 3 mai 2025 15:02:05 CEST", "03/05/2025"),
    "pl": ("03.05.2025, 15:02", "Sobota, 3 maja 2025, 15:02:05 CEST", "03.05.2025"),
}
# 1, 2, 5, 21 and 22 of a unit: every plural form that a language of ours has.
DAYS_AGO = {
    "en": ("1 day ago", "2 days ago", "5 days ago", "21 days ago", "22 days ago"),
    "ru": ("1 день назад", "2 дня назад", "5 дней назад", "21 день назад", "22 дня назад"),
    "de": ("vor 1 Tag", "vor 2 Tagen", "vor 5 Tagen", "vor 21 Tagen", "vor 22 Tagen"),
    "es": ("hace 1 día", "hace 2 días", "hace 5 días", "hace 21 días", "hace 22 días"),
    "pt-br": ("há 1 dia", "há 2 dias", "há 5 dias", "há 21 dias", "há 22 dias"),
    "fr": ("il y a 1 jour", "il y a 2 jours", "il y a 5 jours", "il y a 21 jours", "il y a 22 jours"),
    "pl": ("1 dzień temu", "2 dni temu", "5 dni temu", "21 dni temu", "22 dni temu"),
}
SEPARATORS = {"en": ",", "de": ".", "pt-br": "."}


@pytest.mark.parametrize("language", LANGUAGES)
def test_moments(language: str) -> None:
    with translation.override(language), timezone.override(ZoneInfo("Europe/Berlin")):
        shown = moment(AFTERNOON).replace("\N{NO-BREAK SPACE}", " ")
        day = dates.day(AFTERNOON)

    short, full, expected_day = WRITTEN[language]
    assert shown == f'<time datetime="2025-05-03T15:02:05+02:00" title="{full}">{short}</time>'
    assert day == expected_day


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_day_and_month_has_a_name(language: str) -> None:
    """None is left in English, and none is written with the letter of its format code."""
    with translation.override(language), timezone.override(UTC):
        titles = [dates.full(AFTERNOON + timedelta(days=29 * number)) for number in range(14)]
    with translation.override("en"), timezone.override(UTC):
        english = [dates.full(AFTERNOON + timedelta(days=29 * number)) for number in range(14)]

    assert len({re.sub(r"[\d:,. ]|de ", "", title) for title in titles}) >= 12
    if language != "en":
        assert not set(titles) & set(english)


@pytest.mark.parametrize("language", LANGUAGES)
def test_ages_in_each_plural_form(language: str) -> None:
    with translation.override(language):
        told = [age_text(AFTERNOON - timedelta(days=days), AFTERNOON) for days in (1, 2, 5, 21, 22)]

    assert tuple(told) == DAYS_AGO[language]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_unit_of_an_age_is_translated(language: str) -> None:
    spans = [timedelta(days=800), timedelta(days=70), timedelta(hours=3), timedelta(minutes=4), timedelta()]
    with translation.override("en"):
        english = [age_text(AFTERNOON - span, AFTERNOON) for span in spans]
    with translation.override(language):
        told = [age_text(AFTERNOON - span, AFTERNOON) for span in spans]
        shown = age(timezone.now() - timedelta(days=800))

    assert not set(told) & set(english)
    assert told[0] in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts(language: str) -> None:
    separator = SEPARATORS.get(language, "\N{NO-BREAK SPACE}")
    with translation.override(language):
        assert [grouped(number) for number in (0, 999, 1284, 1234567)] == [
            *("0", "999", f"1{separator}284", f"1{separator}234{separator}567")
        ]
        assert thousands_separator() == separator, "for scripts"


@pytest.mark.parametrize("language", LANGUAGES)
def test_today_is_told_by_the_clock_of_twenty_four_hours(language: str) -> None:
    with translation.override(language), timezone.override(UTC):
        now = timezone.now()
        assert f">{now:%H:%M:%S}</time>" in clock(now)
        assert WRITTEN[language][2].replace(" ", "\N{NO-BREAK SPACE}") in clock(AFTERNOON)
