"""The status text of a termination, counted the way the portal counts it.

``bizproc.workflow.terminate`` writes it into a title column of 255 characters: code points, not bytes and
not UTF-16 units. The server first cuts PHP's blanks off both ends, and puts a text of its own where nothing
or ``0`` is left (``bizproc/classes/general/workflow.php``, ``stateservice.php``).
"""

from __future__ import annotations

import re

LONGEST_CHARACTERS = 255
# What PHP's trim() removes.
_BLANKS = " \t\n\r\0\x0b"
_UNSENDABLE = re.compile("[\ud800-\udfff\0]")


def as_stored(text: str) -> str:
    """Return the text without the blanks that the portal cuts off."""
    return text.strip(_BLANKS)


def length_characters(text: str) -> int:
    """Return how many of the 255 characters the text takes."""
    return len(as_stored(text))


def status_problem(text: str) -> str | None:
    """Return why the portal would not keep this text as typed, None when it would.

    ``blank``: nothing to see in it. ``zero``: PHP takes ``"0"`` for nothing. ``too_long``: over 255
    characters. ``unsendable``: half a character (a lone surrogate), which would make the portal drop the
    whole request, or a NUL, which PostgreSQL refuses after the workflow has already stopped.
    """
    stored = as_stored(text)
    if not stored.strip():
        return "blank"
    if stored == "0":
        return "zero"
    if _UNSENDABLE.search(stored):
        return "unsendable"
    if len(stored) > LONGEST_CHARACTERS:
        return "too_long"
    return None


def may_be_cut(text: str) -> bool:
    """Say whether the text has a four-byte character (most emoji).

    A portal whose title column is three-byte UTF-8 loses everything from the first of them on; strict ones
    refuse the title although the workflow has already stopped.
    """
    return any(character > "\uffff" for character in text)
