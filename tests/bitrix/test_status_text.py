"""A status text is counted the way the portal counts it."""

from __future__ import annotations

import pytest

from bxapp.bitrix.status_text import as_stored, length_characters, may_be_cut, status_problem


@pytest.mark.parametrize(
    "text",
    ["x", "00", "0.", "Terminated by rest app.", "я" * 255, "🙂" * 255, "  " + "x" * 255 + "\n", "<b>&</b>"],
)
def test_these_texts_are_kept(text: str) -> None:
    assert status_problem(text) is None


@pytest.mark.parametrize("text", ["", " ", "\t\r\n\0\x0b", "\u00a0", "\u2003 \u3000"])
def test_blanks_are_no_text(text: str) -> None:
    assert status_problem(text) == "blank"


@pytest.mark.parametrize("text", ["0", " 0", "0\n"])
def test_a_zero_is_phps_nothing(text: str) -> None:
    assert status_problem(text) == "zero"


@pytest.mark.parametrize("text", ["x" * 256, "я" * 256, "🙂" * 256])
def test_more_than_255_characters_do_not_fit(text: str) -> None:
    assert status_problem(text) == "too_long"


@pytest.mark.parametrize("text", ["half \ud83d", "\udc00", "nul \0 inside"])
def test_what_cannot_be_sent_is_told(text: str) -> None:
    assert status_problem(text) == "unsendable"


def test_an_emoji_is_one_character() -> None:
    assert length_characters("🙂🙂") == 2


def test_the_portal_cuts_blanks_off_both_ends_but_not_every_kind() -> None:
    assert as_stored(" \t a b\u00a0\n") == "a b\u00a0"


@pytest.mark.parametrize(("text", "four_bytes"), [("🙂", True), ("𝒳", True), ("я€…漢", False), ("", False)])
def test_four_byte_characters_may_be_lost(text: str, four_bytes: bool) -> None:
    assert may_be_cut(text) is four_bytes
