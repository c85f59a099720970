"""Walking what runs by its key: an exact list of one moment, while rows vanish and appear.

Each page asks for IDs greater than the last one of the page before, so that a row that vanishes meanwhile
moves no other one out of sight, as it would with page numbers. The first command of the first request asks
for the largest ID; the walk ends there, and what is started later is beyond it, because an ID begins with
the moment of the start. Pages follow each other inside one batch: a command names the last ID of the command
before by reference. The blank behind each reference is explained in ``bxapp.bitrix.methods.workflow_pages``;
a reference that leads nowhere stays as it is: then the rows of such a command are those of the beginning
again, or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from bxapp.bitrix.answers import Answer, whole_list
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import MethodFailed, Unheard
from bxapp.bitrix.methods import read_instance
from bxapp.bitrix.methods.instances import FIELDS, METHOD, PAGE_ROWS
from bxapp.workflows.filters import EVERYTHING, NOTHING_KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bxapp.bitrix.answers import BatchAnswer
    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance
    from bxapp.workflows.filters import Filter, Known

# A portal ends a request after 60 s; one that takes this long is followed by shorter ones.
_LONGEST_REQUEST_SECONDS = 10.0
_TOP = "top"


@dataclass(frozen=True, slots=True)
class Step:
    """What one request brought: ``found`` are those that are meant, of ``rows`` that the portal listed."""

    found: tuple[Instance, ...]
    rows: int
    unreadable: int


class Walk:
    """One walk over what runs. ``now`` is its moment: ages of the filter count from there.

    ``expected``: how many rows there will be; a guess before the first step, the portal's count afterwards.
    ``last_id``, ``top_id`` and ``seen`` are those of a walk that is gone on with.
    """

    def __init__(
        self,
        client: Client,
        now: datetime,
        *,
        meant: Filter = EVERYTHING,
        known: Known = NOTHING_KNOWN,
        expected: int = 0,
        last_id: str = "",
        top_id: str = "",
        seen: Iterable[str] = (),
        pages_per_request: int = LONGEST_BATCH,
    ) -> None:
        self.expected = expected
        self.last_id = last_id
        self.top_id = top_id
        self.is_over = False
        self._client = client
        self._now = now
        self._meant = meant
        self._known = known
        self._question = meant.question(now, known)
        self._seen = set(seen)
        self._rows = len(self._seen)
        self._pages_per_request = pages_per_request

    def step(self) -> Step:
        """Ask for the next pages with one request.

        Raises BitrixError when any part of them could not be had: a list with a gap is none.
        """
        wanted = max(0, self.expected - self._rows) // PAGE_ROWS + 1
        begun = monotonic()
        pages = self._next_pages(min(self._pages_per_request, wanted))
        if monotonic() - begun > _LONGEST_REQUEST_SECONDS:
            self._pages_per_request = max(1, len(pages) // 2)
        found: list[Instance] = []
        read_rows = unreadable = 0
        for page in pages:
            read = [read_instance(row) for row in page]
            instances = [instance for instance in read if instance is not None]
            self._check(instances)
            self._seen |= {instance.id for instance in instances}
            found += [one for one in instances if self._meant.meets(one, self._now, self._known)]
            read_rows += len(page)
            unreadable += len(read) - len(instances)
            if len(page) < PAGE_ROWS:
                self.is_over = True
                break
            if read[-1] is None:
                raise MethodFailed("UNREADABLE", "the last row of a page has no usable ID")
            self.last_id = read[-1].id
        self._rows += read_rows
        self.expected = max(self.expected, self._rows)
        return Step(tuple(found), read_rows, unreadable)

    def _check(self, instances: list[Instance]) -> None:
        """Raise where a filter was not obeyed: then nobody knows what this is a list of."""
        if any(instance.id in self._seen for instance in instances):
            raise MethodFailed("UNFILTERED", "the portal lists again what it listed before")
        # Databases compare texts without regard to case.
        top = self.top_id.casefold()
        if any(instance.id.casefold() > top for instance in instances):
            raise MethodFailed("UNFILTERED", "the portal lists IDs beyond the largest one")

    def _next_pages(self, count: int) -> list[list[dict[str, object]]]:
        """Return the next pages, up to the first that is not full. Raises BitrixError."""
        is_first = not self.top_id
        commands: dict[str, Command] = {_TOP: self._top_command()} if is_first else {}
        for place in range(max(1, min(count, LONGEST_BATCH - is_first))):
            commands[f"p{place}"] = self._command(place)
        answers = self._client.batch(commands)
        if is_first and not self._take_top(answers):
            return [[]]
        pages: list[list[dict[str, object]]] = []
        for key in commands:
            if key == _TOP:
                continue
            page, is_last = _page(answers, key)
            pages.append(page)
            if is_last:
                break
        return pages

    def _take_top(self, answers: BatchAnswer) -> bool:
        """Note the largest ID and the portal's count; return whether there is anything."""
        answer = answers.answers[_TOP]
        page, _is_last = _page(answers, _TOP)
        if not page:
            self.expected = 0
            return False
        top = read_instance(page[0])
        if top is None:
            raise MethodFailed("UNREADABLE", "the last row of the list has no usable ID")
        self.top_id = top.id
        self.expected = (answer.total if isinstance(answer, Answer) else None) or len(page)
        return True

    def _top_command(self) -> Command:
        params: dict[str, object] = {"select": ["ID"], "order": {"ID": "DESC"}}
        if self._question:
            params["filter"] = self._question
        return Command(METHOD, params)

    def _command(self, place: int) -> Command:
        # The largest ID is among what the question lists, so it stands instead of any bound of its own.
        where: dict[str, object] = {**self._question, "<=ID": self.top_id or f"$result[{_TOP}][0][ID] "}
        after = f"$result[p{place - 1}][{PAGE_ROWS - 1}][ID] " if place else self.last_id
        if after:
            where[">ID"] = after
        return Command(METHOD, {"select": list(FIELDS), "order": {"ID": "ASC"}, "filter": where})


def _page(answers: BatchAnswer, key: str) -> tuple[list[dict[str, object]], bool]:
    """Return the rows of a command, and whether they are the last ones. Raises BitrixError."""
    answer = answers.answers[key]
    if not isinstance(answer, Answer):
        raise answer
    page = whole_list(answer.result)
    is_last = len(page) < PAGE_ROWS
    if is_last and answer.next:
        raise Unheard("", "a page of the list is incomplete")
    return page, is_last
