"""From an exchange to a row of the journal: what is worth keeping of it, and nothing secret.

Of the answers' content only its size is kept, and plain results such as ``true``: names of people and
documents have no business here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bxapp.bitrix.answers import Answer, BatchAnswer
from bxapp.bitrix.errors import BitrixError
from bxapp.journal import parameters
from bxapp.journal.models import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bxapp.bitrix.client import Exchange

_LONGEST_RESULT = 100


def entry_of(exchange: Exchange, member_id: str, job_id: int | None) -> JournalEntry:
    """Return the row of an exchange, not stored yet; ``member_id`` and ``job_id`` say for whom it was."""
    error, answer = exchange.error, exchange.answer
    failures = _failures(answer)
    return JournalEntry(
        at=exchange.started_at,
        member_id=parameters.text(member_id or exchange.member_id, 64),
        server=parameters.text(urlsplit(exchange.endpoint).netloc.rpartition("@")[2], 255),
        method=parameters.text(exchange.method, 100),
        commands=dict(Counter(command.method for command in exchange.commands.values())),
        params=parameters.of_batch(exchange.commands.values())
        if exchange.commands
        else parameters.of_call(exchange.params),
        status=exchange.status,
        answer=_size(answer),
        error=type(error).__name__.lstrip("_") if error else "",
        error_code=parameters.text(error.code, 100) if error else "",
        error_words=parameters.text(error.words) if error else "",
        failed=len(failures),
        command_errors={key: parameters.text(failure) for key, failure in failures.items()},
        duration_ms=round(exchange.duration_seconds * 1000),
        operating_seconds=max(_operating(answer), default=None),
        job_id=job_id,
        attempt=exchange.attempt,
    )


def _failures(answer: Answer | BatchAnswer | None) -> dict[str, BitrixError]:
    if not isinstance(answer, BatchAnswer):
        return {}
    return {key: one for key, one in answer.answers.items() if isinstance(one, BitrixError)}


def _size(answer: Answer | BatchAnswer | None) -> dict[str, Any]:
    """Return what is kept of an answer: plain results, else how many rows or fields there were."""
    if answer is None:
        return {}
    if isinstance(answer, BatchAnswer):
        return {"answered": sum(isinstance(one, Answer) for one in answer.answers.values())}
    result = answer.result
    if isinstance(result, list):
        size: dict[str, Any] = {"rows": len(result)}
    elif isinstance(result, dict):
        size = {"fields": len(result)}
    elif isinstance(result, str):
        size = {"result": parameters.text(result, _LONGEST_RESULT)}
    else:
        size = {"result": parameters.plain(result)}
    told = {"total": answer.total, "next": answer.next}
    return size | {name: number for name, number in told.items() if number is not None}


def _operating(answer: Answer | BatchAnswer | None) -> Iterator[float]:
    if isinstance(answer, BatchAnswer):
        for one in answer.answers.values():
            if isinstance(one, Answer):
                yield from _operating(one)
    if answer is not None and answer.time is not None and answer.time.operating is not None:
        yield answer.time.operating
