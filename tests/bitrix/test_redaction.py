"""Texts that others will read hold no secrets."""

from __future__ import annotations

import pytest

from bxapp.bitrix.redaction import LONGEST_CHARACTERS, redacted


@pytest.mark.parametrize(
    "text",
    [
        "the token 4ef6ab0163d5 is unknown",
        "https://portal.example/rest/user.get?auth=4ef6ab0163d5&x=1",
        '{"refresh_token": "4ef6ab0163d5"}',
        "client_secret=4ef6ab0163d5",
        "https://portal.example/rest/1/4ef6ab0163d5/user.get",
    ],
)
def test_a_secret_is_hidden(text: str) -> None:
    assert "4ef6ab0163d5" not in redacted(text, ["4ef6ab0163d5"])


@pytest.mark.parametrize(
    "text", ["access_token=unknown-secret", "AUTH_ID: 'unknown-secret'", "/rest/15/unknown12345/"]
)
def test_what_looks_like_a_secret_is_hidden_too(text: str) -> None:
    assert "unknown" not in redacted(text)


def test_ordinary_words_stay() -> None:
    text = "The business process is not found. Code: ERROR_CORE"
    assert redacted(text, ["", "is"]) == text


def test_a_text_becomes_one_printable_line_of_bearable_length() -> None:
    assert redacted("a\r\n\x1b[31mb\u2028c\0") == "a [31mb c"
    assert len(redacted("x" * 5000)) == LONGEST_CHARACTERS
