"""The pictures of docs/screens.md: all there, none too large, each one taken by a story."""

from __future__ import annotations

import re

from deploy.stack import ROOT
from tests.stories.pictures import LARGEST_BYTES

PICTURES = {file.stem: file for file in (ROOT / "docs" / "screens").iterdir()}


def test_none_is_larger_than_a_page_should_load() -> None:
    assert PICTURES
    assert {name: file.stat().st_size for name, file in PICTURES.items() if file.suffix != ".png"} == {}
    sizes = {name: file.stat().st_size for name, file in PICTURES.items()}
    assert {name: size for name, size in sizes.items() if size > LARGEST_BYTES} == {}


def test_the_page_shows_each_of_them_once() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(screens/([\w-]+)\.png\)", (ROOT / "docs" / "screens.md").read_text())

    assert sorted(shown) == sorted(PICTURES)


def test_a_story_takes_each_of_them() -> None:
    stories = "".join(file.read_text() for file in (ROOT / "tests" / "stories").glob("test_*.py"))

    assert set(re.findall(r'\.takes_picture\("([\w-]+)"\)', stories)) == set(PICTURES)
