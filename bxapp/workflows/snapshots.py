"""Everything that runs at one moment: an exact list of workflows, not a wish to find them again later.

The list is walked by its key: each page asks for IDs greater than the last one of the page before, so that
a row that vanishes meanwhile moves no other one out of sight, as it would with page numbers. Pages follow
each other inside one batch: a command names the last ID of the command before by reference. The blank
behind each reference is explained in ``bxapp.bitrix.methods.workflow_pages``; a reference that leads nowhere
stays as it is, and the rows of such a command are those of the beginning again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.answers import Answer, rows
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import MethodFailed, Unheard
from bxapp.bitrix.methods import read_instance
from bxapp.workflows import told_names

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance, WorkflowPage

# What a page carries in its memory and sends back with the dialog.
LARGEST = 5000

_METHOD = "bizproc.workflow.instances"
_PAGE_ROWS = 50
_FIELDS = [
    "ID",
    "MODIFIED",
    "OWNED_UNTIL",
    "MODULE_ID",
    "ENTITY",
    "DOCUMENT_ID",
    "STARTED",
    "STARTED_BY",
    "TEMPLATE_ID",
]


class TooLarge(Exception):  # noqa: N818  (a finding, no failure)
    """More runs than one selection may hold."""


def take(
    client: Client, expected: int, *, pages_per_request: int = LONGEST_BATCH, largest: int = LARGEST
) -> WorkflowPage:
    """Return everything that runs, by ascending ID, as one long page with the names that the portal tells.

    ``expected`` only saves requests: about how many there will be.

    Raises TooLarge, and BitrixError when any part of the list could not be had: a list with a gap is none.
    """
    found: dict[str, Instance] = {}
    unreadable = 0
    last_id = ""
    while True:
        pages = min(pages_per_request, max(0, expected - len(found)) // _PAGE_ROWS + 1)
        for page in _pages(client, last_id, pages):
            read = [read_instance(row) for row in page]
            instances = [instance for instance in read if instance is not None]
            if any(instance.id in found for instance in instances):
                # A filter that is not obeyed: then nobody knows what this is a list of.
                raise MethodFailed("UNFILTERED", "the portal lists again what it listed before")
            found |= {instance.id: instance for instance in instances}
            unreadable += len(read) - len(instances)
            if len(found) > largest:
                raise TooLarge
            if len(page) < _PAGE_ROWS:
                return told_names.add(client, tuple(found.values()), unreadable)
            if read[-1] is None:
                raise MethodFailed("UNREADABLE", "the last row of a page has no usable ID")
            last_id = read[-1].id


def _pages(client: Client, last_id: str, count: int) -> list[list[dict[str, object]]]:
    """Return the next pages, up to the first that is not full; raises BitrixError."""
    commands = {f"p{place}": _command(place, last_id) for place in range(count)}
    answers = client.batch(commands).answers
    pages: list[list[dict[str, object]]] = []
    for key in commands:
        answer = answers[key]
        if not isinstance(answer, Answer):
            raise answer
        if not isinstance(answer.result, list | dict):
            raise Unheard("", "the list of workflows is no list")
        page = rows(answer.result)
        is_last = len(page) < _PAGE_ROWS
        if len(page) != len(answer.result) or (is_last and answer.next):
            raise Unheard("", "a page of the list is incomplete")
        pages.append(page)
        if is_last:
            break
    return pages


def _command(place: int, last_id: str) -> Command:
    params: dict[str, object] = {"select": _FIELDS, "order": {"ID": "ASC"}}
    after = f"$result[p{place - 1}][{_PAGE_ROWS - 1}][ID] " if place else last_id
    if after:
        params["filter"] = {">ID": after}
    return Command(_METHOD, params)
