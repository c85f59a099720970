"""Refusals and the end of an installation are readable in every language of the application."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import ngettext

from bxapp.web.refusal_texts import text_of
from bxapp.web.refusals import RefusalReason
from bxapp.web.templatetags.display import grouped

TRANSLATED = [code for code, _ in settings.LANGUAGES if code != "en"]

# Every plural form that a language of ours has, and a number that is grouped.
NUMBERS = (1, 2, 5, 21, 1284)
COUNTED = {
    "en": ("1 workflow", "2 workflows", "5 workflows", "21 workflows", "1,284 workflows"),
    "ru": (
        *("1 бизнес-процесс", "2 бизнес-процесса", "5 бизнес-процессов", "21 бизнес-процесс"),
        "1 284 бизнес-процесса",
    ),
    "de": ("1 Workflow", "2 Workflows", "5 Workflows", "21 Workflows", "1.284 Workflows"),
    "es": (
        *("1 flujo de trabajo", "2 flujos de trabajo", "5 flujos de trabajo", "21 flujos de trabajo"),
        "1 284 flujos de trabajo",
    ),
    "pt-br": (
        *("1 fluxo de trabalho", "2 fluxos de trabalho", "5 fluxos de trabalho", "21 fluxos de trabalho"),
        "1.284 fluxos de trabalho",
    ),
    "fr": ("1 processus", "2 processus", "5 processus", "21 processus", "1 284 processus"),
    "pl": ("1 workflow", "2 workflowy", "5 workflowów", "21 workflowów", "1 284 workflowy"),
}
STOPPED = {
    "ru": ("1 остановлен", "2 остановлены", "5 остановлено", "21 остановлен", "1 284 остановлены"),
    "pl": ("1 zatrzymany", "2 zatrzymane", "5 zatrzymanych", "21 zatrzymanych", "1 284 zatrzymane"),
    "fr": ("1 arrêté", "2 arrêtés", "5 arrêtés", "21 arrêtés", "1 284 arrêtés"),
}


@pytest.mark.parametrize("language", COUNTED)
def test_workflows_are_counted(language: str) -> None:
    with translation.override(language):
        told = [
            ngettext("%(count)s workflow", "%(count)s workflows", number) % {"count": grouped(number)}
            for number in NUMBERS
        ]

    assert tuple(one.replace("\N{NO-BREAK SPACE}", " ") for one in told) == COUNTED[language]


@pytest.mark.parametrize("language", STOPPED)
def test_outcomes_agree_with_their_number(language: str) -> None:
    with translation.override(language):
        told = [
            ngettext("%(number)s terminated", "%(number)s terminated", number) % {"number": grouped(number)}
            for number in NUMBERS
        ]

    assert tuple(one.replace("\N{NO-BREAK SPACE}", " ") for one in told) == STOPPED[language]


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_reason_has_three_sentences_of_its_own(reason: RefusalReason) -> None:
    with translation.override("en"):
        text = text_of(reason)

    assert all((text.title, text.why, text.what))
    assert not text.title.endswith("."), "a title is no sentence"
    assert text.why.endswith(".")
    assert text.what.endswith(".")


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_reason_is_translated(language: str) -> None:
    for reason in RefusalReason:
        with translation.override("en"):
            english = text_of(reason)
        with translation.override(language):
            translated = text_of(reason)
        assert translated.title != english.title
        assert translated.why != english.why
        assert translated.what != english.what
