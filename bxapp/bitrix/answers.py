"""Reading what comes back, however broken: bytes in, typed answers or exceptions out.

PHP writes one array either as a JSON list or as an object, depending on its keys; numbers may come as
texts; errors may come with status 200; and what comes need not be JSON at all. Everything that cannot be
read is ``Unheard``: the work may be done.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from bxapp.bitrix.codes import error_of
from bxapp.bitrix.errors import BitrixError, OperatingLimited, Unheard
from bxapp.bitrix.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What a database's column of whole numbers takes.
_LARGEST_NUMBER = 2**63 - 1
_WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,19}\s*")


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as it came: status, body (never larger than allowed), and the asked-for pause."""

    status: int
    body: bytes = field(repr=False)
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """The portal's own stamps of a call: Unix seconds and durations in seconds.

    Newer servers give ``start`` in whole seconds, so only ``finish`` is exact everywhere. ``operating`` is
    the method's execution time recorded so far, ``operating_reset_at`` when its oldest part goes; both only
    where the portal limits it.
    """

    start: float | None = None
    finish: float | None = None
    duration: float | None = None
    processing: float | None = None
    operating: float | None = None
    operating_reset_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method answered; ``total`` and ``next`` where it is a list."""

    result: Any
    total: int | None = None
    next: int | None = None
    time: Timing | None = None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One answer or exception for each command that was sent; the exceptions are not raised."""

    answers: dict[str, Answer | BitrixError]
    time: Timing | None = None


def read_object(reply: Reply, *, secrets: Sequence[str] = (), at_app_info: bool = False) -> Mapping[str, Any]:
    """Return the JSON object of a reply that is no error; raises the exception that belongs to it."""
    payload = _decoded(reply)
    # An empty code is an error too; "no error" is a missing key, or what PHP makes of nothing.
    error = payload.get("error")
    if error is not None and error is not False and error != []:
        raise _error(payload, reply, secrets, at_app_info=at_app_info)
    if reply.status >= 400:
        raise _unreadable(reply, "an error status without an error")
    return payload


def read_answer(reply: Reply, *, secrets: Sequence[str] = ()) -> Answer:
    """Return the answer to a single call, or raise what its error stands for."""
    payload = read_object(reply, secrets=secrets)
    if "result" not in payload:
        raise _unreadable(reply, "an answer without a result")
    return Answer(
        result=payload["result"],
        total=number(payload.get("total")),
        next=number(payload.get("next")),
        time=read_timing(payload.get("time")),
    )


def read_batch(reply: Reply, methods: Mapping[str, str], *, secrets: Sequence[str] = ()) -> BatchAnswer:
    """Return an answer or exception for each key of ``methods`` (command key to method name).

    A key that the portal says nothing about counts as Unheard: nobody knows. Raises when the batch as a whole
    was refused or unread.
    """
    whole = read_answer(reply, secrets=secrets)
    if not isinstance(whole.result, dict) or "result" not in whole.result:
        raise _unreadable(reply, "a batch without results")
    results, errors, totals, nexts, times = (
        _keyed(whole.result.get(part))
        for part in ("result", "result_error", "result_total", "result_next", "result_time")
    )
    answers: dict[str, Answer | BitrixError] = {}
    for key in methods:
        if key in errors:
            answers[key] = _command_error(errors[key], secrets)
        elif key in results:
            answers[key] = Answer(
                results[key], number(totals.get(key)), number(nexts.get(key)), read_timing(times.get(key))
            )
        else:
            answers[key] = Unheard("", "the answer leaves this command out")
    _tell_resets(answers, methods)
    return BatchAnswer(answers, whole.time)


def read_timing(stamps: object) -> Timing | None:
    """Return the portal's ``time``, None where it is missing or no object."""
    if not isinstance(stamps, dict):
        return None
    return Timing(
        start=decimal(stamps.get("start")),
        finish=decimal(stamps.get("finish")),
        duration=decimal(stamps.get("duration")),
        processing=decimal(stamps.get("processing")),
        operating=decimal(stamps.get("operating")),
        operating_reset_at=moment(stamps.get("operating_reset_at")),
    )


def number(value: object) -> int | None:
    """Return a whole number that may come as a text; None for everything else, and beyond 64 bits."""
    found: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        found = value
    elif isinstance(value, float):
        found = int(value) if value.is_integer() else None
    elif isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        found = int(value)
    return found if found is not None and abs(found) <= _LARGEST_NUMBER else None


def decimal(value: object) -> float | None:
    """Return a number of seconds that may come as a text; None for everything else."""
    # As it comes in nearly all of the hundreds that a batch's answer holds.
    if type(value) is float:
        return value if abs(value) < 1e15 else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e15 else None


def moment(value: object) -> datetime | None:
    """Return a Unix time as an aware UTC datetime; None for everything that is none."""
    seconds = decimal(value)
    if seconds is None or not 0 < seconds < 1e11:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def iso_moment(value: object) -> datetime | None:
    """Return an ISO 8601 date as an aware UTC datetime; None for everything that is none.

    The portal tells the offset. Without one it counts as UTC, which is as good a guess as any.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def whole_list(value: object) -> list[dict[str, Any]]:
    """Return the rows of a PHP list: a JSON list of objects, or an object of them under numeric keys.

    For lists in which what is missing tells something too. PHP writes an empty one as ``[]`` and in no other
    way. Raises Unheard for everything else: of an answer that was not understood nothing is missing.
    """
    if isinstance(value, dict) and value and all(key.isascii() and key.isdigit() for key in value):
        value = list(value.values())
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Unheard("", "the answer is no list of rows")
    return value


def read_rows(answer: Answer | BitrixError) -> list[dict[str, Any]]:
    """Return the rows of an answer as :func:`whole_list`, or raise the error that stands for it."""
    if not isinstance(answer, Answer):
        raise answer
    return whole_list(answer.result)


def rows(value: object) -> list[dict[str, Any]]:
    """Return what can be read of a PHP list, for what may be missing, such as names; for all else there is
    :func:`whole_list`.
    """
    items = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return [item for item in items if isinstance(item, dict)]


def _decoded(reply: Reply) -> dict[str, Any]:
    text = reply.body.decode("utf-8", errors="replace").lstrip("\ufeff")
    try:
        payload = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise _unreadable(reply, "no JSON" if text.strip() else "an empty answer") from None
    if not isinstance(payload, dict):
        raise _unreadable(reply, "JSON, but no object")
    return payload


def _refuse(constant: str) -> NoReturn:
    """Refuse ``NaN`` and ``Infinity``: Python reads them, but they are no JSON."""
    raise ValueError(constant)


def _finite(digits: str) -> float:
    """Return a number with a fraction or an exponent; refuse ``1e999``, which Python takes for infinite."""
    found = float(digits)
    if not math.isfinite(found):
        raise ValueError(digits)
    return found


def _unreadable(reply: Reply, what: str) -> Unheard:
    return Unheard("", f"HTTP {reply.status}: {what}", http_status=reply.status)


def _error(
    payload: Mapping[str, Any], reply: Reply, secrets: Sequence[str], *, at_app_info: bool
) -> BitrixError:
    code, words = _code_and_words(payload, secrets)
    return error_of(
        code,
        words,
        status=reply.status,
        retry_after_seconds=reply.retry_after_seconds,
        at_app_info=at_app_info,
    )


def _command_error(entry: object, secrets: Sequence[str]) -> BitrixError:
    """Read one entry of ``result_error``: an object as a rule, a bare text on some servers."""
    if isinstance(entry, dict):
        return error_of(*_code_and_words(entry, secrets))
    return error_of(redacted(entry, secrets) if isinstance(entry, str) else "", "")


def _code_and_words(payload: Mapping[str, Any], secrets: Sequence[str]) -> tuple[str, str]:
    code, words = payload.get("error"), payload.get("error_description")
    if isinstance(code, dict):
        # Nested once more: {"error": {"error": …, "error_description": …}}, or code and message.
        words = words or code.get("error_description") or code.get("message")
        code = code.get("error") or code.get("code")
    if not isinstance(words, str):
        words = payload.get("error_message") or payload.get("message")
    return (
        redacted(str(code) if isinstance(code, str | int) else "", secrets),
        redacted(words if isinstance(words, str) else "", secrets),
    )


def _keyed(part: object) -> dict[str, Any]:
    """Return a PHP array by its keys: an object as it is, a list by position, everything else as empty."""
    if isinstance(part, dict):
        return part
    if isinstance(part, list):
        return {str(index): item for index, item in enumerate(part)}
    return {}


def _tell_resets(answers: dict[str, Answer | BitrixError], methods: Mapping[str, str]) -> None:
    """Give refused commands the reset time that the same method's successful commands were told."""
    known: dict[str, datetime] = {}
    for key, answer in answers.items():
        if isinstance(answer, Answer) and answer.time and answer.time.operating_reset_at:
            known[methods[key].lower()] = answer.time.operating_reset_at
    for key, answer in answers.items():
        if isinstance(answer, OperatingLimited) and answer.reset_at is None:
            answer.reset_at = known.get(methods[key].lower())
