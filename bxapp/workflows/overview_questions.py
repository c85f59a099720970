"""Counts, asked of the portal as pages of its list: an answer tells a total, and fifty rows that prove it.

Every published server knows the operators used here. A server that ignored one would list other rows than
asked for; such a count is worth nothing and is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.answers import Answer, whole_list
from bxapp.bitrix.client import Command
from bxapp.bitrix.errors import Unheard
from bxapp.bitrix.methods import read_instance
from bxapp.bitrix.methods.instances import METHOD
from bxapp.bitrix.parts import in_parts
from bxapp.workflows.filters import NOTHING_KNOWN, Filter, Known
from bxapp.workflows.questions import MOST_VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from bxapp.bitrix.errors import BitrixError
    from bxapp.bitrix.methods import Instance

# More lists than these in a question would leave no room for others in the same request.
MOST_LISTS = 3


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are, and the first of them (at most fifty)."""

    total: int
    rows: tuple[Instance, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the rows are all that there are."""
        return len(self.rows) >= self.total


def command(
    where: Mapping[str, Any], fields: Sequence[str], order: str = "ID", *, newest: bool = True, start: int = 0
) -> Command:
    """Return the command that counts what meets ``where``.

    ``fields`` are those that the check of its rows needs, besides the ID.
    """
    params: dict[str, object] = {
        "select": ["ID", *fields],
        "order": {order: "DESC" if newest else "ASC"},
    }
    if where:
        params["filter"] = dict(where)
    if start:
        params["start"] = start
    return Command(METHOD, params)


def tally(answer: Answer | BitrixError | None, meets: Callable[[Instance], bool]) -> Tally | None:
    """Return what an answer counts; None where there is none, or where a row is not what was asked for."""
    if not isinstance(answer, Answer):
        return None
    try:
        read = [read_instance(row) for row in whole_list(answer.result)]
    except Unheard:
        return None
    instances = tuple(instance for instance in read if instance is not None)
    if not all(meets(instance) for instance in instances):
        return None
    return Tally(max(answer.total or 0, len(read)), instances)


def tally_of(
    answer: Answer | BitrixError | None, meant: Filter, now: datetime, known: Known = NOTHING_KNOWN
) -> Tally | None:
    """Return the :func:`tally` of what a filter means at ``now``."""
    return tally(answer, lambda instance: meant.meets(instance, now, known))


def lists(numbers: Collection[int]) -> list[Sequence[int]]:
    """Return numbers in ascending lists, each as long as a question may hold."""
    return in_parts(sorted(numbers), MOST_VALUES)


def outside(name: str, numbers: Collection[int]) -> list[dict[str, Any]]:
    """Return the questions for what has another value than ``numbers`` in a column; none for too many.

    A list that is too long for one question is cut into ranges, each of which leaves out its own part.
    """
    parts = lists(numbers)
    if len(parts) > MOST_LISTS:
        return []
    questions: list[dict[str, Any]] = []
    for place, part in enumerate(parts):
        where: dict[str, Any] = {f"!{name}": part}
        if place > 0:
            where[f">{name}"] = parts[place - 1][-1]
        if place < len(parts) - 1:
            where[f"<={name}"] = part[-1]
        questions.append(where)
    return questions
