"""Everything that runs at one moment, or what is meant of it: an exact list, not a wish to find it later.

The list is walked by its key: each page asks for IDs greater than the last one of the page before, so that
a row that vanishes meanwhile moves no other one out of sight, as it would with page numbers. Pages follow
each other inside one batch: a command names the last ID of the command before by reference. The blank
behind each reference is explained in ``bxapp.bitrix.methods.workflow_pages``; a reference that leads nowhere
stays as it is, and the rows of such a command are those of the beginning again.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix.answers import Answer, rows
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import MethodFailed, Unheard
from bxapp.bitrix.methods import read_instance
from bxapp.bitrix.methods.instances import FIELDS, METHOD, PAGE_ROWS
from bxapp.workflows import told_names
from bxapp.workflows.filters import EVERYTHING, Filter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance, WorkflowPage

# What can be listed, with its names, while a person waits for one answer.
LARGEST = 20_000

# A portal ends a request after 60 s; one that takes this long is followed by shorter ones.
_LONGEST_REQUEST_SECONDS = 10.0


class TooLarge(Exception):  # noqa: N818  (a finding, no failure)
    """More runs than one selection may hold."""


def take(
    client: Client,
    expected: int = 0,
    *,
    meant: Filter = EVERYTHING,
    pages_per_request: int = LONGEST_BATCH,
    largest: int = LARGEST,
) -> WorkflowPage:
    """Return what runs and is meant, by ascending ID, as one long page with the names that the portal tells.

    ``expected`` only saves a request: about how many there will be.

    Raises TooLarge, and BitrixError when any part of the list could not be had: a list with a gap is none.
    """
    now = timezone.now()
    question = meant.question(now)
    seen: set[str] = set()
    found: dict[str, Instance] = {}
    unreadable = 0
    last_id = ""
    while True:
        wanted = max(0, expected - len(seen)) // PAGE_ROWS + 1
        begun = monotonic()
        pages, told = _pages(client, question, last_id, min(pages_per_request, wanted))
        expected = max(expected, len(seen) + told)
        if monotonic() - begun > _LONGEST_REQUEST_SECONDS:
            pages_per_request = max(1, len(pages) // 2)
        for page in pages:
            read = [read_instance(row) for row in page]
            instances = [instance for instance in read if instance is not None]
            if any(instance.id in seen for instance in instances):
                # A filter that is not obeyed: then nobody knows what this is a list of.
                raise MethodFailed("UNFILTERED", "the portal lists again what it listed before")
            seen |= {instance.id for instance in instances}
            found |= {instance.id: instance for instance in instances if meant.meets(instance, now)}
            unreadable += len(read) - len(instances)
            if len(found) > largest:
                raise TooLarge
            if len(page) < PAGE_ROWS:
                return told_names.add(client, tuple(found.values()), unreadable)
            if read[-1] is None:
                raise MethodFailed("UNREADABLE", "the last row of a page has no usable ID")
            last_id = read[-1].id


def _pages(
    client: Client, question: Mapping[str, object], last_id: str, count: int
) -> tuple[list[list[dict[str, object]]], int]:
    """Return the next pages, up to the first that is not full, and the portal's count of all rows from there.

    Raises BitrixError.
    """
    commands = {f"p{place}": _command(question, place, last_id) for place in range(count)}
    answers = client.batch(commands).answers
    pages: list[list[dict[str, object]]] = []
    told = 0
    for key in commands:
        answer = answers[key]
        if not isinstance(answer, Answer):
            raise answer
        if not isinstance(answer.result, list | dict):
            raise Unheard("", "the list of workflows is no list")
        page = rows(answer.result)
        is_last = len(page) < PAGE_ROWS
        if len(page) != len(answer.result) or (is_last and answer.next):
            raise Unheard("", "a page of the list is incomplete")
        pages.append(page)
        told = max(told, answer.total or 0)
        if is_last:
            break
    return pages, told


def _command(question: Mapping[str, object], place: int, last_id: str) -> Command:
    params: dict[str, object] = {"select": list(FIELDS), "order": {"ID": "ASC"}}
    after = f"$result[p{place - 1}][{PAGE_ROWS - 1}][ID] " if place else last_id
    where = {**question, ">ID": after} if after else question
    if where:
        params["filter"] = where
    return Command(METHOD, params)
