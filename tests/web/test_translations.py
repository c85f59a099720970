"""Refusals and the end of an installation are readable in every language of the application."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import translation

from bxapp.web.refusal_texts import text_of
from bxapp.web.refusals import RefusalReason

TRANSLATED = [code for code, _ in settings.LANGUAGES if code != "en"]


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
