"""Parts of the portal's list by offset, many in one request: for looking through more than is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.answers import Answer, whole_list
from bxapp.bitrix.client import Command
from bxapp.bitrix.methods import read_instance
from bxapp.bitrix.methods.instances import METHOD, PAGE_ROWS
from bxapp.bitrix.methods.workflow_pages import rows_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance
    from bxapp.workflows.ordering import Ordering


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of the portal's list and its place in it, from 0; None where it has no usable ID."""

    offset: int
    instance: Instance | None


@dataclass(slots=True)
class Windows:
    """The portal's list for one question in one order.

    ``total``: how many it has, as the portal counted last. ``certain``: the portal's count of the narrower
    question, where one was given; it is asked along with the first request.
    """

    client: Client
    asked: Mapping[str, Any]
    ordering: Ordering
    certain_question: Mapping[str, Any] | None = None
    total: int = 0
    certain: int = 0
    requests: int = 0

    def read(self, offsets: Sequence[int]) -> list[Candidate]:
        """Return fifty rows from each of these offsets on, one after the other, each once.

        Raises BitrixError when one of them could not be had.
        """
        commands = {
            f"rows{offset}": rows_command(offset, self.ordering.sort, self.ordering.descending, self.asked)
            for offset in offsets
        }
        is_first = self.requests == 0
        if is_first and self.certain_question is not None:
            commands["certain"] = Command(METHOD, {"select": ["ID"], "filter": dict(self.certain_question)})
        answers = self.client.batch(commands).answers
        self.requests += 1
        if isinstance(certain := answers.get("certain"), Answer):
            self.certain = certain.total or 0
        found: list[Candidate] = []
        for offset in offsets:
            answer = answers[f"rows{offset}"]
            if not isinstance(answer, Answer):
                raise answer
            page = whole_list(answer.result)[:PAGE_ROWS]
            found += [Candidate(offset + place, read_instance(row)) for place, row in enumerate(page)]
            # Beyond the end a portal tells the offset that was asked for.
            if page or offset == 0:
                self.total = max(answer.total or 0, offset + len(page))
        return _each_once(found)


def _each_once(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Drop what a row that appeared meanwhile has pushed into the next window too."""
    seen: set[str] = set()
    found: list[Candidate] = []
    for candidate in candidates:
        if candidate.instance is not None:
            if candidate.instance.id in seen:
                continue
            seen.add(candidate.instance.id)
        found.append(candidate)
    return found
