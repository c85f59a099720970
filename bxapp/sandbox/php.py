"""How PHP reads query strings and writes arrays, as far as REST calls show it.

``parse_str``, ``parse_url``, ``intval`` and ``json_encode`` of PHP; a PHP array is a ``dict`` with
text keys here, in order.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]

_INTEGER_KEY = re.compile(r"(?:0|-?[1-9][0-9]*)\Z")
_LEADING_INTEGER = re.compile(r"\s*[+-]?[0-9]+")


def decode(text: str) -> str:
    """``urldecode``: ``+`` is a space; bytes that are no UTF-8 become replacement characters."""
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "replace")


def parse_query(query: str) -> dict[str, Value]:
    """``parse_str``: brackets make nested arrays, ``[]`` appends, later values replace earlier ones."""
    result: dict[str, Value] = {}
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        assign(result, decode(name), decode(value))
    return result


def parse_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, Value]:
    """The same for pairs that are decoded already (a form body)."""
    result: dict[str, Value] = {}
    for name, value in pairs:
        assign(result, name, value)
    return result


def assign(target: dict[str, Value], name: str, value: Value) -> None:
    """Put ``value`` where a field called ``name`` (``a[b][]``) belongs."""
    path = _path_of(name)
    if path is None:
        return
    here = target
    for position, key in enumerate(path):
        found = _next_key(here) if key is None else key
        if position == len(path) - 1:
            here[found] = value
            return
        inner = here.get(found)
        if not isinstance(inner, dict):
            inner = {}
            here[found] = inner
        here = inner


def _path_of(name: str) -> list[str | None] | None:
    """The keys of ``a[b][]``: ``["a", "b", None]``. None for a name PHP throws away."""
    name = name.lstrip(" ")
    if not name or name.startswith("["):
        return None
    opening = name.find("[")
    if opening == -1 or "]" not in name[opening:]:
        return [re.sub(r"[ .\[]", "_", name)]
    path: list[str | None] = [re.sub(r"[ .]", "_", name[:opening])]
    position = opening
    while position < len(name) and name[position] == "[":
        closing = name.find("]", position)
        if closing == -1:
            break
        path.append(name[position + 1 : closing] or None)
        position = closing + 1
    return path


def _next_key(array: Mapping[str, Value]) -> str:
    numbers = [int(key) for key in array if _INTEGER_KEY.match(key)]
    return str(max(numbers, default=-1) + 1)


def array(content: Mapping[str, Value]) -> Value:
    """As ``json_encode`` shows a PHP array: a list if the keys are 0, 1, 2 … without a gap."""
    if all(key == str(index) for index, key in enumerate(content)):
        return list(content.values())
    return dict(content)


def items(value: Value) -> list[tuple[str, Value]]:
    """The pairs of a PHP array, however it was sent; empty for anything that is none."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [(str(index), one) for index, one in enumerate(value)]
    return []


def is_array(value: Value) -> bool:
    return isinstance(value, dict | list)


def upper_keys(params: Mapping[str, Value]) -> dict[str, Value]:
    """``array_change_key_case(…, CASE_UPPER)``: of equal keys the last one wins."""
    return {key.upper(): value for key, value in params.items()}


def integer(value: Value) -> int:
    """``intval``: leading digits of a text, 0 without any, 1 for an array that holds something."""
    if isinstance(value, bool) or value is None:
        return int(bool(value))
    if isinstance(value, int | float):
        return int(value) if math.isfinite(value) else 0
    if isinstance(value, str):
        found = _LEADING_INTEGER.match(value)
        return int(found.group()) if found else 0
    return int(bool(value))


def text(value: Value) -> str:
    """``(string)``: an array becomes ``Array``."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, dict | list):
        return "Array"
    return str(value)


def is_empty(value: Value) -> bool:
    """``empty``: also true for ``"0"`` and an empty array."""
    return value in (None, False, 0, 0.0, "", "0") or (is_array(value) and not value)


def is_true(value: Value) -> bool:
    return not is_empty(value)


def split_command(command: str) -> tuple[str, str]:
    """``parse_url`` of a batch command: the method and its query. A raw ``#`` ends both."""
    before = command.partition("#")[0]
    method, _, query = before.partition("?")
    return method, query
