"""Parameters as the journal keeps them: without secrets, and short.

The commands of a batch are mostly alike: what they share is written once, and only what differs for each of
them, so that fifty terminations take as much room as one and a list of IDs. Where that is still too much,
texts are cut before anything else: which workflows were meant is what an operator looks for.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bxapp.bitrix.client import Command

LARGEST_CHARACTERS = 16_000
_LONGEST_TEXT = 300
# How long texts other than IDs may be, tried one after the other until the whole fits.
_TEXT_LENGTHS = (_LONGEST_TEXT, 100, 20)
_LONGEST_LIST = 100
_DEEPEST = 6
_LARGEST_NUMBER_BITS = 64
_HIDDEN = "[hidden]"
_SECRETS = frozenset(
    {
        "auth",
        "auth_id",
        "access_token",
        "refresh_id",
        "refresh_token",
        "client_secret",
        "application_token",
        "code",
        "password",
        "secret",
        "token",
        "webhook",
    }
)


def of_call(params: Mapping[str, object]) -> dict[str, Any]:
    """Return the parameters of one method; of too many only ``left_out_characters``, how long they were."""
    return _fitting(params, LARGEST_CHARACTERS)


def of_batch(commands: Iterable[Command]) -> dict[str, Any]:
    """Return the commands of a batch, those of one method together and in their order.

    Each group has ``method``, ``count``, ``params`` that all its commands share, and ``each``: for every
    other parameter the values of the commands in turn (None where a command has none). Where no cutting of
    texts makes them fit, ``first`` stands in place of both: the parameters of the group's first command.
    """
    groups: dict[str, list[Mapping[str, object]]] = {}
    for command in commands:
        groups.setdefault(command.method, []).append(command.params)
    for longest in _TEXT_LENGTHS:
        content = {"commands": [_group(method, each, longest) for method, each in groups.items()]}
        if _length(content) <= LARGEST_CHARACTERS:
            return content
    return {
        "commands": [
            {
                "method": method,
                "count": len(each),
                "first": _fitting(each[0], LARGEST_CHARACTERS // 4),
            }
            for method, each in groups.items()
        ]
    }


def text(value: object, longest: int = _LONGEST_TEXT) -> str:
    """Return a text without secrets, line breaks and what no database takes, cut to ``longest``."""
    whole = redacted(str(value))
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"


def plain(value: object) -> str | int | float | None:
    """Return a single value as a JSON column of either database can hold it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int):
        bits = value.bit_length()
        return value if bits <= _LARGEST_NUMBER_BITS else f"a number of {bits} bits"
    # NaN and the infinities are no JSON: they become texts too.
    return text(value)


def _group(method: str, each: Sequence[Mapping[str, object]], longest: int) -> dict[str, Any]:
    names = list(dict.fromkeys(name for params in each for name in params))
    shared = {
        name: each[0][name]
        for name in names
        if all(name in params and params[name] == each[0].get(name) for params in each)
    }
    group: dict[str, Any] = {"method": method, "count": len(each), "params": _plain(shared, longest)}
    if different := [name for name in names if name not in shared]:
        group["each"] = {
            text(name): _plain_value(name, [params.get(name) for params in each], 1, longest)
            for name in different
        }
    return group


def _fitting(params: Mapping[str, object], largest: int) -> dict[str, Any]:
    for longest in _TEXT_LENGTHS:
        content = _plain(params, longest)
        if _length(content) <= largest:
            return content
    return {"left_out_characters": _length(_plain(params, _LONGEST_TEXT))}


def _length(content: object) -> int:
    # In characters, whatever their script: a letter is not six for being no ASCII.
    return len(json.dumps(content, ensure_ascii=False))


def _plain(params: Mapping[str, object], longest: int) -> dict[str, Any]:
    return {text(name): _plain_value(name, value, 1, longest) for name, value in params.items()}


def _plain_value(name: str, value: object, depth: int, longest: int) -> Any:
    """Return a parameter's value to keep; ``longest``: of its texts, unless it is an ID by its name."""
    if name.lower() in _SECRETS:
        return _HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return plain(value)
    if depth < _DEEPEST and isinstance(value, dict):
        return {text(key): _plain_value(str(key), one, depth + 1, longest) for key, one in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple):
        kept = [_plain_value(name, one, depth + 1, longest) for one in value[:_LONGEST_LIST]]
        left_out = len(value) - len(kept)
        return [*kept, f"… and {left_out} more"] if left_out else kept
    return text(value, _LONGEST_TEXT if name.upper().endswith("ID") else longest)
