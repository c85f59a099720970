"""Texts from outside, made fit for a column of either database."""

from __future__ import annotations


def storable(text: str, max_characters: int | None = None) -> str:
    """Return ``text`` as both databases can hold it, cut to ``max_characters`` if given.

    A portal's JSON may carry what no database takes: NUL characters (PostgreSQL refuses them) and halves of
    surrogate pairs (no UTF-8 exists for them). One such text must not keep an outcome from being recorded.
    """
    if text.isascii() and "\x00" not in text:
        return text if max_characters is None else text[:max_characters]
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return clean if max_characters is None else clean[:max_characters]
