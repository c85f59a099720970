"""References to earlier results in the parameters of a batch command (``CRestUtil::processBatchElement``).

The server looks for ``$result``, ``$next``, ``$total``, ``$time`` and ``$error``, whatever the case,
up to the next blank, in every parameter, texts of users included. A name in another case than lower
resolves to nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bxapp.sandbox import php

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.sandbox.php import Value

_KEY = re.compile(r"\[([^\]]+)\]")


def resolve(params: Mapping[str, Value], answers: Mapping[str, Mapping[str, Value]]) -> dict[str, Value]:
    """``params`` with every reference replaced that leads to a text or a number.

    A text that is nothing but one reference becomes whatever it leads to, also an array or null.
    ``answers`` holds ``result``, ``next``, ``total``, ``time``, ``error`` by command key.
    """
    if not any(_holds_sign(value) for value in params.values()):
        return dict(params)
    pattern = re.compile(r"\$(" + "|".join(answers) + r")(\S*)", re.IGNORECASE | re.ASCII)
    return _resolve_array(params, answers, pattern)


def _holds_sign(value: Value) -> bool:
    """Whether there may be a reference: also in what is no text yet."""
    return not isinstance(value, str) or "$" in value


def _resolve_array(
    params: Mapping[str, Value], answers: Mapping[str, Mapping[str, Value]], pattern: re.Pattern[str]
) -> dict[str, Value]:
    return {
        key: _resolve_array(value, answers, pattern)
        if isinstance(value, dict)
        else _resolve_text(php.text(value), answers, pattern)
        for key, value in params.items()
    }


def _resolve_text(text: str, answers: Mapping[str, Mapping[str, Value]], pattern: re.Pattern[str]) -> Value:
    if "$" not in text:
        return text
    whole: Value = text
    for match in pattern.finditer(text):
        keys = _KEY.findall(match.group(2))
        if not keys:
            continue
        found = _follow(answers, match.group(1), keys)
        if not isinstance(whole, str):
            break
        if match.group(0) == whole:
            whole = found
        elif isinstance(found, str | int | float) and not isinstance(found, bool):
            whole = whole.replace(match.group(0), php.text(found))
    return whole


def _follow(answers: Mapping[str, Mapping[str, Value]], name: str, keys: list[str]) -> Value:
    """As deep as the keys lead; where a key does not exist, what was reached before it."""
    here: Value = dict(answers[name]) if name in answers else None
    for key in keys:
        if isinstance(here, str):
            if not key.isdigit() or int(key) >= len(here):
                break
            here = here[int(key)]
            continue
        deeper = dict(php.items(here)).get(key)
        if deeper is None:
            break
        here = deeper
    return here
