"""What the content policy forbids is in no template and in no script: nothing inline, nothing evaluated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from deploy.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))

INLINE = {
    "a style attribute": re.compile(r"<[^>{]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a script in the page": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    "a handler of events": re.compile(r"\s(?:on[a-z]+|hx-on[:-][\w:-]*)\s*=\s*[\"']", re.IGNORECASE),
    "an address that is a script": re.compile(r"javascript:", re.IGNORECASE),
    "a value that htmx evaluates": re.compile(
        r"\bhx-(?:vals|headers|vars)=[\"']js:|\bhx-vars=", re.IGNORECASE
    ),
}
EVALUATED = re.compile(
    r"\beval\(|\bnew Function\b|\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write"
)
STORED = re.compile(r"\b(?:local|session)Storage\b|document\.cookie")


@pytest.mark.parametrize("what", INLINE)
def test_no_template_holds(what: str) -> None:
    assert TEMPLATES
    assert [str(one.relative_to(ROOT)) for one in TEMPLATES if INLINE[what].search(one.read_text())] == []


def test_nothing_is_marked_safe() -> None:
    marked = re.compile(r"\|\s*safe\b|\bautoescape\s+off\b")

    assert [str(one.relative_to(ROOT)) for one in TEMPLATES if marked.search(one.read_text())] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: str(one.name))
def test_scripts_build_no_code_no_markup_and_keep_nothing_in_the_browser(script: Path) -> None:
    text = script.read_text()

    assert EVALUATED.findall(text) == []
    assert STORED.findall(text) == []
