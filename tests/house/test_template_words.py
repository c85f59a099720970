"""No template, and no markup in the code, shows a word that is not translated."""

from __future__ import annotations

import pytest

from deploy.stack import ROOT
from tests.house.template_words import untranslated_words, untranslated_words_of_code

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CODE = sorted(
    path for path in (ROOT / "bxapp").rglob("*.py") if (ROOT / "bxapp" / "sandbox") not in path.parents
)


def test_every_word_of_every_template_is_translated() -> None:
    assert TEMPLATES
    found = {str(one.relative_to(ROOT)): untranslated_words(one.read_text()) for one in TEMPLATES}

    assert {name: words for name, words in found.items() if words} == {}


def test_every_word_of_markup_in_code_is_translated() -> None:
    found = {str(one.relative_to(ROOT)): untranslated_words_of_code(one.read_text()) for one in CODE}

    assert any("format_html(" in one.read_text() for one in CODE)
    assert {name: words for name, words in found.items() if words} == {}


def test_a_word_of_markup_in_code_would_be_found() -> None:
    bad = """format_html('<b title="Stop">{}</b> now', gettext("hung"))"""
    good = """format_html('<b class="hung" title="{0}">{0}</b>', gettext("hung"))"""

    assert untranslated_words_of_code(bad) == ["Stop", "now"]
    assert untranslated_words_of_code(good) == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Stop</p>",
        "<p>{{ count }} workflows</p>",
        '<p>{% translate "Stop" %} now</p>',
        "{% if one %}One{% else %}<b>1</b>{% endif %}",
        '<button aria-label="Stop">×</button>',
        "<input placeholder='Name'>",
        '<input type="submit" value="Stop">',
        '<img alt="A dog">',
        '<td data-label="Who">1</td>',
        '<p>{{ name|default:"nobody" }}</p>',
        "<p>{{ is_on|yesno:'on,off' }}</p>",
        '{% include "part.html" with label="Stop all" %}',
        "<title>Jobs</title>",
    ],
)
def test_this_would_be_found(template: str) -> None:
    assert untranslated_words(template)


@pytest.mark.parametrize(
    "template",
    [
        '{% comment %}Why{% endcomment %}<p class="one" id="two">{% translate "Stop" %}</p>{# why #}',
        '<button aria-label="{% translate "Stop" %}" data-mark="stopping">×</button>',
        "{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}",
        '<p>{{ name|default:_("nobody") }} · 1/2 – {{ zone|default:"UTC" }}</p>',
        '<html dir="ltr"><input type="hidden" value="1" name="all">',
        "{% include 'part.html' with role=\"by\" %}",
        "<b data-done=\"{{ is_open|yesno:'false,true' }}\">{{ at|date:'H:i' }}</b>",
    ],
)
def test_this_is_no_word_for_reading(template: str) -> None:
    assert untranslated_words(template) == []
