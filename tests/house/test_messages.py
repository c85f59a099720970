"""Every sentence is translated into each language: with its values, in the forms that one counts by there."""

from __future__ import annotations

import gettext
import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import to_locale

from deploy import messages

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

LANGUAGES = messages.LANGUAGES
# "%(name)s" of gettext, "{name}" of the sentences for scripts. "{{name}}" is no value: it stands for itself.
VALUE = re.compile(r"%\(\w+\)[sd]|(?<!\{)\{\w+\}(?!\})")
# How gettext counts in these languages. Django's own catalogs split some forms further, for fractions and
# millions; it keeps the forms of each catalog apart, and here whole numbers are counted.
_SLAVIC = "n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2"
PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "pl": f"nplurals=3; plural=(n==1 ? 0 : {_SLAVIC});",
    "pt_BR": "nplurals=2; plural=(n > 1);",
    "ru": f"nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : {_SLAVIC});",
}


@cache
def catalog(language: str) -> Catalog:
    return messages.read(language)


@cache
def wanted() -> Catalog:
    return messages.sentences()


def key(message: Message) -> tuple[str | None, str]:
    """Return what gettext finds a translation by: the context and the singular."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def values(text: str) -> list[str]:
    return sorted(set(VALUE.findall(text)))


def served_by(form: int, language: str) -> list[int]:
    """Return the first few numbers, from 1 on, that a language counts by this form."""
    counts = gettext.c2py(PLURALS[language].split("plural=")[1].rstrip(";"))
    return [number for number in range(1, 200) if counts(number) == form]


def test_there_is_a_catalog_for_each_language_but_english() -> None:
    languages = sorted(to_locale(code) for code, _name in settings.LANGUAGES if code != "en")

    assert languages == sorted(LANGUAGES) == sorted(one.name for one in messages.LOCALES.iterdir())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_in_the_catalog(language: str) -> None:
    missing = {key(one) for one in wanted()} - {key(one) for one in catalog(language)}

    assert not missing, "make messages brings them in"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    assert [key(one) for one in messages.untranslated(catalog(language))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_in_doubt(language: str) -> None:
    assert [key(one) for one in catalog(language) if one.id and one.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language: str) -> None:
    unused = {key(one) for one in catalog(language)} - {key(one) for one in wanted()}

    assert not unused, "make messages takes them out"
    assert not catalog(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_hold_the_values_of_their_sentences(language: str) -> None:
    """None is lost, none is invented; a form for the number one alone may leave it out, as English does."""
    wrong = []
    for message in catalog(language):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        for form, text in enumerate(messages.forms(message)):
            allowed = [values(ids[-1])]
            if served_by(form, language) == [1] or language in {"fr", "pt_BR"}:
                allowed.append(values(ids[0]))
            if message.id and values(text) not in allowed:
                wrong.append((key(message), text))
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_can_be_filled_in(language: str) -> None:
    """A percent sign that stands alone would be an error on the page."""
    for message in catalog(language):
        if message.python_format:
            for text in messages.forms(message):
                assert text % defaultdict(int), key(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_begin_and_end_as_their_sentences_do(language: str) -> None:
    """A sentence stays a sentence, a word stays a word; blanks that join stay."""
    wrong = [
        (key(message), text)
        for message in catalog(language)
        for text in messages.forms(message)
        if message.id and _edges(text) != _edges(key(message)[1])
    ]
    assert wrong == []


def _edges(text: str) -> tuple[bool, bool, str]:
    bare = text.strip()
    # French sets its colon apart, and some others end with the value that English begins with.
    last = bare[-1:] if bare[-1:] in {".", "…"} else ""
    return text[:1].isspace(), text[-1:].isspace(), last


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_forms_that_it_counts_by(language: str) -> None:
    header = catalog(language).plural_forms
    number = int(header.split("nplurals=")[1][0])

    assert header.replace(" ", "") == PLURALS[language].replace(" ", "")
    for message in catalog(language):
        assert len(messages.forms(message)) == (number if message.pluralizable else 1), key(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalog_is_as_make_messages_writes_it(language: str) -> None:
    """No numbers of lines, no moments, no order of its own: a change shows what was changed."""
    new = messages.renewed(catalog(language), wanted(), language)

    assert messages.catalog_file(language).read_text() == messages.written(new, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_doubtful_translation_would_be_seen(language: str) -> None:
    """Renewing keeps the mark of doubt, and never makes one of its own for a sentence that has changed."""
    text = (
        'msgid ""\nmsgstr ""\n"Plural-Forms: ' + PLURALS[language] + '\\n"\n\n'
        '#, fuzzy\nmsgid "Kept"\nmsgstr "K"\n\nmsgid "Changed a little"\nmsgstr "C"\n'
    )
    old = read_po(text.splitlines(keepends=True), locale=language)
    new = read_po(
        ['msgid "Kept"\n', 'msgstr ""\n', 'msgid "Changed a bit"\n', 'msgstr ""\n'], locale=language
    )
    renewed = messages.renewed(old, new, language)

    kept, changed = renewed.get("Kept"), renewed.get("Changed a bit")
    assert kept is not None
    assert kept.fuzzy
    assert kept.string == "K"
    assert changed is not None
    assert not changed.fuzzy
    assert not changed.string
