"""``batch``: up to 50 commands, one after the other, in one request (``CRestProvider::methodsBatch``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bxapp.sandbox import php
from bxapp.sandbox.failures import RestError
from bxapp.sandbox.references import resolve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bxapp.sandbox.call import Call
    from bxapp.sandbox.php import Value

LENGTH = 50
_NOT_ALLOWED = frozenset({"batch", "download", "upload"})
_ATTACK = re.compile(r"<(?=script|iframe|object)|\.\./|\bunion\s+select\b|\bsleep\s*\(", re.IGNORECASE)


async def run_batch(
    call: Call, run: Callable[[Call, str, dict[str, Value]], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """The five parts of the answer, as PHP arrays keyed by command. ``run`` executes one command.

    A :class:`bxapp.sandbox.failures.ServerFailureError` of a command goes through: what ran stays done.
    """
    params = php.upper_keys(call.params)
    halts = php.is_true(params.get("HALT"))
    answers: dict[str, dict[str, Value]] = {name: {} for name in ("result", "next", "total", "time", "error")}
    for number, (key, command) in enumerate(php.items(params.get("CMD"))):
        if number >= LENGTH:
            answer = _refusal("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
        elif not isinstance(command, str):
            continue
        else:
            answer = await _run_command(call, command, answers, run)
        if "error" in answer:
            answer = {**answer, "error": answer}
        for part, value in answer.items():
            answers.setdefault(part, {})[key] = value
        if "error" in answer and halts:
            break
    return {
        "result": php.array(answers["result"]),
        "result_error": php.array(answers["error"]),
        "result_total": php.array(answers["total"]),
        "result_next": php.array(answers["next"]),
        "result_time": php.array(answers["time"]),
    }


async def _run_command(
    call: Call,
    command: str,
    answers: dict[str, dict[str, Value]],
    run: Callable[[Call, str, dict[str, Value]], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    method, query = php.split_command(command)
    params = resolve(php.parse_query(query), answers)
    if call.portal.settings.proactive_filter:
        params = {key: _alter(value) for key, value in params.items()}
    if method in _NOT_ALLOWED:
        return _refusal("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
    for name in ("auth", "access_token"):
        params.pop(name, None)
    try:
        return await run(call, method.lower(), params)
    except RestError as error:
        call.sandbox.record.command_errors[error.code or "(empty)"] += 1
        return error.answer()


def _refusal(code: str, description: str) -> dict[str, Any]:
    return {"error": code, "error_description": description}


def _alter(value: Value) -> Value:
    """What a proactive filter does to something that looks like an attack: it breaks it up."""
    if isinstance(value, dict):
        return {key: _alter(one) for key, one in value.items()}
    if isinstance(value, str):
        return _ATTACK.sub(lambda found: found.group()[:1] + " " + found.group()[1:], value)
    return value
