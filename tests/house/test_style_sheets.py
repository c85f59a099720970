"""The style sheets: one look, made of Bitrix24's design tokens, in light and dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from deploy import air_tokens
from deploy.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
[AIR] = (ROOT / "static" / "vendor").glob("b24ui-nuxt-*/air.css")
HEAD = (ROOT / "templates" / "partials" / "head.html").read_text()

COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab)\(", re.IGNORECASE)
DECLARED = re.compile(r"(--[\w-]+)\s*:")
USED = re.compile(r"var\(\s*(--[\w-]+)")
# Kept by static/js/visible.js, and named with what holds until then.
OF_SCRIPTS = {"--visible-top", "--visible-height", "--visible-bottom"}


def without_comments(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)


def test_the_tokens_taken_are_the_tokens_in_use() -> None:
    taken = dict(re.findall(r"(--[\w-]+): ([^;]+);", AIR.read_text()))

    needed = air_tokens.chosen(air_tokens.used_in(air_tokens.own_sheets()), taken, taken)

    assert needed == taken, "make air.css anew: deploy/air_tokens.py says how"


@pytest.mark.parametrize(
    "sheet", [one for one in SHEETS if one.name != "tokens.css"], ids=lambda one: one.name
)
def test_colours_are_named_in_one_place_so_that_the_dark_has_them_too(sheet: Path) -> None:
    assert COLOUR.findall(without_comments(sheet)) == []


def test_every_variable_has_a_value() -> None:
    sheets = [without_comments(sheet) for sheet in (AIR, *SHEETS)]
    declared = {name for sheet in sheets for name in DECLARED.findall(sheet)}
    used = {name for sheet in sheets for name in USED.findall(sheet)}

    assert used - declared - OF_SCRIPTS == set()


@pytest.mark.parametrize("sheet", [AIR, *SHEETS], ids=lambda one: one.name)
def test_every_sheet_is_linked(sheet: Path) -> None:
    assert f"{{% static '{sheet.relative_to(ROOT / 'static')}' %}}" in HEAD


def test_the_system_decides_on_the_theme_unless_the_person_did() -> None:
    tokens = (ROOT / "static" / "css" / "tokens.css").read_text()

    assert re.search(r':root\[data-theme="light"\] \{\s+color-scheme: light;', tokens)
    assert re.search(r':root\[data-theme="dark"\] \{\s+color-scheme: dark;', tokens)
    assert "prefers-color-scheme" not in "".join(sheet.read_text() for sheet in SHEETS)
