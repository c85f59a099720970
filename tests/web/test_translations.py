"""Refusals and the end of an installation are readable in every language of the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation import to_locale

from bxapp.web.refusal_texts import text_of
from bxapp.web.refusals import RefusalReason
from deploy.stack import ROOT

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

TRANSLATED = [code for code, _ in settings.LANGUAGES if code != "en"]


def _catalog(language: str) -> Catalog:
    path = ROOT / "bxapp" / "locale" / to_locale(language) / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return read_po(file, locale=to_locale(language))


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


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogs_hold_nothing_empty_or_doubtful(language: str) -> None:
    for message in _catalog(language):
        assert message.string, message.id
        if message.id:
            assert not message.fuzzy, message.id


def test_all_catalogs_hold_the_same_sentences() -> None:
    sentences = {language: {message.id for message in _catalog(language)} for language in TRANSLATED}

    assert all(found == sentences["de"] for found in sentences.values())
