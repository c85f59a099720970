"""Parameters as the journal keeps them: without secrets, and short.

The commands of a batch are mostly alike: what they share is written once, and only what differs for each of
them, so that fifty terminations take as much room as one and a list of IDs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bxapp.bitrix.client import Command

LARGEST_CHARACTERS = 16_000
_LONGEST_TEXT = 300
_LONGEST_LIST = 100
_DEEPEST = 6
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
    """Return the parameters of one method."""
    return _fitting(_plain(params))


def of_batch(commands: Iterable[Command]) -> dict[str, Any]:
    """Return the commands of a batch, those of one method together and in their order.

    Each group has ``method``, ``count``, ``params`` that all its commands share, and ``each``: for every
    other parameter the values of the commands in turn (None where a command has none).
    """
    groups: dict[str, list[Mapping[str, object]]] = {}
    for command in commands:
        groups.setdefault(command.method, []).append(command.params)
    content = {"commands": [_group(method, each) for method, each in groups.items()]}
    if _length(content) <= LARGEST_CHARACTERS:
        return content
    return {
        "commands": [
            {
                "method": method,
                "count": len(each),
                "first": _fitting(_plain(each[0]), LARGEST_CHARACTERS // 4),
            }
            for method, each in groups.items()
        ]
    }


def text(value: object, longest: int = _LONGEST_TEXT) -> str:
    """Return a text without secrets, line breaks and what no database takes, cut to ``longest``."""
    whole = redacted(str(value))
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"


def _group(method: str, each: Sequence[Mapping[str, object]]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for params in each for name in params))
    shared = {
        name: each[0][name]
        for name in names
        if all(name in params and params[name] == each[0].get(name) for params in each)
    }
    group: dict[str, Any] = {"method": method, "count": len(each), "params": _plain(shared)}
    if different := [name for name in names if name not in shared]:
        group["each"] = {
            text(name): _plain_value(name, [params.get(name) for params in each], 1) for name in different
        }
    return group


def _fitting(content: dict[str, Any], largest: int = LARGEST_CHARACTERS) -> dict[str, Any]:
    length = _length(content)
    return content if length <= largest else {"left_out_characters": length}


def _length(content: object) -> int:
    return len(json.dumps(content))


def _plain(params: Mapping[str, object]) -> dict[str, Any]:
    return {text(name): _plain_value(name, value, 1) for name, value in params.items()}


def _plain_value(name: str, value: object, depth: int) -> Any:
    if name.lower() in _SECRETS:
        return _HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= _DEEPEST:
        return text(value)
    if isinstance(value, dict):
        return {text(key): _plain_value(str(key), one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        kept = [_plain_value("", one, depth + 1) for one in value[:_LONGEST_LIST]]
        left_out = len(value) - len(kept)
        return [*kept, f"… and {left_out} more"] if left_out else kept
    return text(value)
