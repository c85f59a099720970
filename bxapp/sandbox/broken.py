"""Answers that are no answers: HTML, nothing, JSON of another shape."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{rest}</body></html>"


def html(status: int, title: str, rest: str = "") -> web.Response:
    return web.Response(
        status=status, text=_PAGE.format(title=title, rest=rest), content_type="text/html", charset="utf-8"
    )


def internal_error() -> web.Response:
    """What a visitor sees when PHP ended in an exception nobody caught."""
    return html(500, "Internal Server Error", "<p>A fatal error has occurred.</p>")


def bad_gateway() -> web.Response:
    return html(502, "502 Bad Gateway", "<hr><center>nginx</center>")


def gateway_timeout() -> web.Response:
    return html(504, "504 Gateway Time-out", "<hr><center>nginx</center>")


def closed_site() -> web.Response:
    """The licence page of a portal whose licence ended: status 200 and no JSON."""
    return html(200, "Bitrix24", "<p>The licence of this portal has expired.</p>")


def _within(answer: dict[str, Any], part: str, value: Any) -> Any:
    result = answer.get("result")
    return {**answer, "result": {**result, part: value}} if isinstance(result, dict) else answer


def _without_first(answer: dict[str, Any]) -> Any:
    """A batch answer in which the first command is nowhere to be found."""
    result = answer.get("result")
    if not isinstance(result, dict):
        return answer
    lost: dict[str, Any] = {}
    for part, content in result.items():
        first = next(iter(content), None) if isinstance(content, dict) else None
        lost[part] = {key: one for key, one in content.items() if key != first} if first else content
    return {**answer, "result": lost}


def _each_list(answer: dict[str, Any], changed: Callable[[list[Any]], Any]) -> Any:
    """The list that a call answers, or each list in a batch answer, in another form."""
    result = answer.get("result")
    if isinstance(result, list):
        return {**answer, "result": changed(result)}
    commands = result.get("result") if isinstance(result, dict) else None
    if not isinstance(commands, dict):
        return answer
    lists = {key: changed(one) for key, one in commands.items() if isinstance(one, list)}
    return _within(answer, "result", {**commands, **lists})


SHAPES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "list": lambda answer: [],
    "text": lambda answer: "ok",
    "null": lambda answer: None,
    "number": lambda answer: 7,
    "empty_object": lambda answer: {},
    "result_null": lambda answer: {**answer, "result": None},
    "result_text": lambda answer: {**answer, "result": "ok"},
    "result_list": lambda answer: {**answer, "result": []},
    "result_nan": lambda answer: {**answer, "result": math.nan},
    "result_infinity": lambda answer: {**answer, "result": math.inf},
    "result_number": lambda answer: {**answer, "result": 1},
    "rows_of_text": lambda answer: {**answer, "result": ["a", None, 3]},
    "lists_wrapped": lambda answer: _each_list(answer, lambda rows: {"workflows": rows}),
    "lists_refused": lambda answer: _each_list(answer, lambda rows: {"error": "maintenance"}),
    "lists_of_null": lambda answer: _each_list(answer, lambda rows: [None]),
    "lists_empty_object": lambda answer: _each_list(answer, lambda rows: {}),
    "lists_keyed": lambda answer: _each_list(
        answer, lambda rows: {str(place + 1): row for place, row in enumerate(rows)} or []
    ),
    "batch_results_list": lambda answer: _within(answer, "result", []),
    "batch_results_null": lambda answer: _within(answer, "result", None),
    "batch_results_text": lambda answer: _within(answer, "result", "ok"),
    "batch_command_lost": _without_first,
    "error_object": lambda answer: {"error": {"code": "X"}, "error_description": None},
    "error_alone": lambda answer: {"error": "ERROR_CORE"},
    "error_number": lambda answer: {"error": 0, "error_description": ""},
}
"""How a ``wrong_json`` fault changes an answer; besides these ``truncated``, ``html`` and ``latin1``."""

SHAPE_NAMES = (*SHAPES, "truncated", "html", "latin1")


def spares(answer: dict[str, Any], shape: str) -> bool:
    """Whether ``shape`` leaves this answer as it is, because it has nothing of what would be changed."""
    # As JSON: in Python 1 is True.
    return shape in SHAPES and json.dumps(SHAPES[shape](answer)) == json.dumps(answer)


def misshape(answer: dict[str, Any], shape: str) -> web.Response:
    """The answer as ``shape`` has it. Raises ``KeyError`` for a shape that does not exist."""
    if shape == "html":
        return closed_site()
    if shape == "truncated":
        whole = json.dumps(answer)
        return _json(whole[: max(1, len(whole) * 2 // 3)].encode())
    if shape == "latin1":
        return _json(json.dumps({"result": "é"}, ensure_ascii=False).encode("latin-1"))
    return _json(json.dumps(SHAPES[shape](answer)).encode())


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")
