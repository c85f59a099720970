"""People by their numbers (``user.get``), and who started what runs.

Who starts workflows cannot be asked for as such. The rows are walked by their starter: each page begins
behind the last starter of the page before, whatever that one started, so that a page passes at least one.
The pages follow each other inside one batch by references; what becomes of one that leads nowhere,
``workflow_pages`` explains: here it is 0, and the rows of such a page are those of the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.answers import Answer, number, read_rows
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import MethodFailed
from bxapp.bitrix.methods.instances import METHOD, PAGE_ROWS
from bxapp.bitrix.parts import in_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Set

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.errors import BitrixError

# With as many questions for people they leave room for people known before.
_HOPS = 20
# Where nearly everybody is known, nobody else is likely.
_FIRST_HOPS = 3
_MOST_REQUESTS = 50
_MOST_EXCLUDED = 200
_MOST_BESIDE_HOPS = 10


@dataclass(frozen=True, slots=True)
class Person:
    """A user's name as the portal has it (may be empty); ``is_active`` is false for who was dismissed."""

    name: str
    is_active: bool


@dataclass(slots=True)
class Crowd:
    """Who was found: ``people`` as the portal tells them, ``numbers`` of everybody, told or not.

    ``is_complete`` is false where there are more than could be walked.
    """

    people: dict[int, Person] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)
    is_complete: bool = True

    @property
    def dismissed(self) -> frozenset[int]:
        return frozenset(user_id for user_id, person in self.people.items() if not person.is_active)


def starters(client: Client, known: Set[int]) -> Crowd:
    """Return who started what runs, the system left out, with names and whether they still work there.

    ``known`` saves requests: people of whom it is likely; they are in the answer also where nothing of theirs
    runs. Raises BitrixError.
    """
    excluded = sorted(known | {0})[:_MOST_EXCLUDED]

    def hop(after: str) -> Command:
        where = {">STARTED_BY": after, "!STARTED_BY": excluded}
        order = {"STARTED_BY": "ASC", "ID": "ASC"}
        return Command(METHOD, {"select": ["ID", "STARTED_BY"], "order": order, "filter": where})

    return walked(client, hop, "STARTED_BY", known)


def walked(client: Client, hop: Callable[[str], Command], column: str, known: Set[int]) -> Crowd:
    """Return the people in a column of a list, and those of ``known``.

    ``hop(after)`` is the command for the page behind a person, in the order of the column.
    Raises BitrixError; a list that is not in that order counts as UNFILTERED.
    """
    crowd = Crowd(numbers=set(known))
    asked = {
        f"known{place}": people_command(part) for place, part in enumerate(in_parts(sorted(known), PAGE_ROWS))
    }
    while len(asked) > _MOST_BESIDE_HOPS:
        keys = list(asked)[:LONGEST_BATCH]
        _take_people(client.batch({key: asked.pop(key) for key in keys}).answers, crowd)
    last = 0
    hops = _FIRST_HOPS if known else _HOPS
    for _request in range(_MOST_REQUESTS):
        for place in range(hops):
            after = f"0$result[hop{place - 1}][{PAGE_ROWS - 1}][{column}]" if place else str(last)
            asked[f"hop{place}"] = hop(after)
            references = [f"0$result[hop{place}][{row}][{column}]" for row in range(PAGE_ROWS)]
            asked[f"people{place}"] = people_command(references)
        answers = client.batch(asked).answers
        _take_people({key: answer for key, answer in answers.items() if not key.startswith("hop")}, crowd)
        for place in range(hops):
            numbers = [number(row.get(column)) or 0 for row in read_rows(answers[f"hop{place}"])]
            if any(one <= last for one in numbers) or numbers != sorted(numbers):
                raise MethodFailed("UNFILTERED", "the portal lists others than asked for")
            crowd.numbers |= set(numbers)
            if len(numbers) < PAGE_ROWS:
                return crowd
            last = numbers[-1]
        asked, hops = {}, _HOPS
    crowd.is_complete = False
    return crowd


def people_command(user_ids: Sequence[object]) -> Command:
    """Return the command for people by number, at most fifty."""
    fields = ["ID", "NAME", "LAST_NAME", "ACTIVE"]
    return Command("user.get", {"filter": {"ID": list(user_ids)}, "select": fields})


def read_people(listed: Sequence[Mapping[str, Any]]) -> dict[int, Person]:
    """Return the people of rows of ``user.get``, by number."""
    found: dict[int, Person] = {}
    for row in listed:
        user_id = number(row.get("ID"))
        if user_id:
            name = f"{_text(row.get('NAME'))} {_text(row.get('LAST_NAME'))}".strip()
            found[user_id] = Person(name, row.get("ACTIVE", True) not in (False, "N", "false", "0", 0))
    return found


def _take_people(answers: Mapping[str, Answer | BitrixError], crowd: Crowd) -> None:
    for answer in answers.values():
        crowd.people |= read_people(read_rows(answer))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
