"""Which workflows wait for whom: the open tasks of people who have not answered (``bizproc.task.list``).

Pages follow each other by the task's number, inside one batch by references: an offset beyond the end of
this list answers its first page again (``bizproc/lib/restservice.php``). A list of users as a filter is not
documented, so each person is asked for alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.answers import number, read_rows
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import MethodFailed
from bxapp.bitrix.methods.instances import PAGE_ROWS
from bxapp.bitrix.methods.people import Crowd, walked

if TYPE_CHECKING:
    from collections.abc import Set

    from bxapp.bitrix.client import Client

METHOD = "bizproc.task.list"
# "Open", and "has not answered".
_WAITING = {"STATUS": 0, "USER_STATUS": 0}
_PAGES_EACH = 5
# Each brings up to 2,500 tasks; a server that never ends its list does not hold us for ever.
_MOST_REQUESTS = 400


def awaited(client: Client, user_ids: Set[int], most: int) -> tuple[set[str], bool]:
    """Return the IDs of workflows that wait for one of these people, and whether these are all.

    No more is read once there are ``most``. Raises BitrixError.
    """
    found: set[str] = set()
    after = dict.fromkeys(sorted(user_ids), 0)
    requests = 0
    while after:
        if len(found) >= most or requests >= _MOST_REQUESTS:
            return found, False
        requests += 1
        pages = max(1, min(_PAGES_EACH, LONGEST_BATCH // len(after)))
        asked = dict(list(after.items())[: LONGEST_BATCH // pages])
        commands = {
            f"tasks{user_id}_{place}": _command(user_id, place, last)
            for user_id, last in asked.items()
            for place in range(pages)
        }
        answers = client.batch(commands).answers
        for user_id in asked:
            for place in range(pages):
                page = read_rows(answers[f"tasks{user_id}_{place}"])
                numbers = [number(row.get("ID")) or 0 for row in page]
                if any(number(row.get("USER_ID")) != user_id for row in page) or any(
                    one <= after[user_id] for one in numbers
                ):
                    raise MethodFailed("UNFILTERED", "the portal lists other tasks than asked for")
                found |= {row["WORKFLOW_ID"] for row in page if isinstance(row.get("WORKFLOW_ID"), str)}
                if len(page) < PAGE_ROWS:
                    del after[user_id]
                    break
                after[user_id] = max(numbers)
    return found, True


def participants(client: Client, known: Set[int]) -> Crowd:
    """Return everybody for whom an open task waits, with names and whether they still work there.

    ``known`` are in the answer also where nothing waits for them. Raises BitrixError.
    """

    def hop(after: str) -> Command:
        return Command(
            METHOD,
            {
                "select": ["ID", "USER_ID"],
                "order": {"USER_ID": "ASC", "ID": "ASC"},
                "filter": _WAITING | {">USER_ID": after},
                "start": 0,
            },
        )

    return walked(client, hop, "USER_ID", known)


def _command(user_id: int, place: int, last: int) -> Command:
    previous = f"0$result[tasks{user_id}_{place - 1}][{PAGE_ROWS - 1}][ID]"
    return Command(
        METHOD,
        {
            "select": ["ID", "WORKFLOW_ID", "USER_ID"],
            "order": {"ID": "ASC"},
            "filter": _WAITING | {"USER_ID": user_id, ">ID": previous if place else str(last)},
            "start": 0,
        },
    )
