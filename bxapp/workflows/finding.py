"""One page of the workflows that a filter means, whatever the portal can and cannot filter.

Four ways, the first that is possible:

- The portal's own page, where the question is exact: one request. Every row is compared all the same; where
  one does not meet the filter, the portal has not understood it, and the third or fourth way is gone.
- By ID, where the IDs are known: those of the filter, or of workflows that wait for somebody.
- All of a list that is a little longer than what is meant, up to ``WHOLE`` rows: sorted out here.
- Looking through a longer list, from a place to go on, until the page is full. How many there are in all is
  not known then: at least so many. A page that is not full says whether that was the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from bxapp.bitrix import methods
from bxapp.bitrix.client import LONGEST_BATCH
from bxapp.bitrix.methods.instances import PAGE_ROWS
from bxapp.workflows import questions, told_names
from bxapp.workflows.places import Cursor, Place
from bxapp.workflows.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance, WorkflowPage
    from bxapp.workflows.filters import Filter, Known
    from bxapp.workflows.ordering import Ordering
    from bxapp.workflows.windows import Candidate

PAGE_SIZE = PAGE_ROWS
# As many as one request brings.
WHOLE = LONGEST_BATCH * PAGE_ROWS
# Windows in the requests of one page: most pages are full after the first.
_STEPS = (4, 12, 40, 40)
_LONGEST_SECONDS = 12.0
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page: ``first`` is the number of its first row among those that are meant, from 1.

    ``total``: how many are meant; ``is_least``: at least so many. ``is_numbered``: pages can be asked for by
    number; else ``back`` and ``on`` are where the pages before and after are. ``looked_at``: where the page
    ended before it was full and before the list did, how many rows were looked through until then.
    """

    page: WorkflowPage
    total: int
    first: int = 1
    is_least: bool = False
    is_numbered: bool = True
    back: Cursor | None = None
    on: Cursor | None = None
    looked_at: int = 0

    @property
    def last(self) -> int:
        return self.first + len(self.page.instances) - 1


def find(
    client: Client, meant: Filter, known: Known, place: Place, ordering: Ordering, now: datetime
) -> Sheet:
    """Return the page at a place of what is meant. Raises BitrixError."""

    def meets(instance: Instance) -> bool:
        return meant.meets(instance, now, known)

    ids = _ids(meant, known)
    if ids is not None:
        found = [one for one in methods.running(client, ids).values() if meets(one)]
        return _numbered(client, _sorted(found, ordering), place, is_least=not known.is_complete)
    question = questions.of(meant, now, known)
    if question.is_exact and place.cursor is None:
        page = methods.workflow_page(
            client, place.number, ordering.sort, ordering.descending, PAGE_SIZE, question.asked
        )
        if all(meets(instance) for instance in page.instances):
            return Sheet(page, page.total, (place.number - 1) * PAGE_SIZE + 1)
    certain = question.certain if question.certain != question.asked else None
    windows = Windows(client, question.asked, ordering, certain)
    return _Search(windows, meets, is_complete=known.is_complete).page(place)


def _ids(meant: Filter, known: Known) -> Collection[str] | None:
    if known.awaited is None:
        return meant.ids or None
    return known.awaited & meant.ids if meant.ids else known.awaited


def _sorted(found: Sequence[Instance], ordering: Ordering) -> list[Instance]:
    def key(instance: Instance) -> tuple[datetime, str]:
        moment = instance.started if ordering.sort == "started" else instance.modified
        return moment or _LONG_AGO, instance.id

    return sorted(found, key=key, reverse=ordering.descending)


def _numbered(
    client: Client, found: Sequence[Instance], place: Place, *, is_least: bool, unreadable: int = 0
) -> Sheet:
    """Return a page of what is known to the last one."""
    start = (place.number - 1) * PAGE_SIZE
    shown = tuple(found[start : start + PAGE_SIZE])
    return Sheet(_named(client, shown, unreadable), len(found), start + 1, is_least)


def _named(client: Client, instances: tuple[Instance, ...], unreadable: int) -> WorkflowPage:
    if not instances:
        return methods.WorkflowPage((), 0, unreadable=unreadable)
    return told_names.add(client, instances, unreadable)


class _Search:
    """Looks through the portal's list for what is meant."""

    def __init__(self, windows: Windows, meets: Callable[[Instance], bool], *, is_complete: bool) -> None:
        self._windows = windows
        self._meets = meets
        self._is_complete = is_complete
        self._give_up_at = monotonic() + _LONGEST_SECONDS

    def page(self, place: Place) -> Sheet:
        cursor = place.cursor or Cursor(0, 0)
        if cursor.is_backwards:
            return self._before(cursor)
        offsets = _offsets(cursor.offset, _STEPS[0])
        read = self._windows.read(offsets)
        if cursor.offset and not read:
            # The list has become shorter than that.
            return self.page(Place())
        if self._windows.total <= WHOLE:
            return self._whole(read if cursor.offset == 0 else [], place)
        return self._after(cursor, read, offsets[-1] + PAGE_ROWS)

    def _whole(self, read: list[Candidate], place: Place) -> Sheet:
        begun = len(read)
        missing = [] if begun >= self._windows.total else _offsets(0, -(-self._windows.total // PAGE_ROWS))
        rest = [offset for offset in missing if offset + PAGE_ROWS > begun]
        candidates = (read + self._windows.read(rest)) if rest else read
        found = list({one.id: one for one in self._meant(candidates)}.values())
        unreadable = sum(candidate.instance is None for candidate in candidates)
        cursor = place.cursor
        if cursor is not None:
            # It was longer a moment ago, and is asked for by place: the page that holds it now.
            place = Place(cursor.count // PAGE_SIZE + 1)
        is_least = not self._is_complete
        return _numbered(self._windows.client, found, place, is_least=is_least, unreadable=unreadable)

    def _after(self, cursor: Cursor, read: list[Candidate], reached: int) -> Sheet:
        candidates = read
        for step in _STEPS[1:]:
            is_full = len(self._meant(candidates)) > PAGE_SIZE
            if is_full or reached >= self._windows.total or monotonic() > self._give_up_at:
                break
            candidates = candidates + self._windows.read(_offsets(reached, step))
            reached += step * PAGE_ROWS
        met = [each for each in candidates if each.instance is not None and self._meets(each.instance)]
        is_over = reached >= self._windows.total
        on = None
        if len(met) > PAGE_SIZE:
            on = Cursor(met[PAGE_SIZE].offset, cursor.count + PAGE_SIZE)
        elif not is_over:
            on = Cursor(reached, cursor.count + len(met))
        return self._sheet(
            met[:PAGE_SIZE],
            first=cursor.count + 1,
            total=cursor.count + len(met),
            is_over=is_over,
            back=replace(cursor, is_backwards=True) if cursor.offset else None,
            on=on,
            looked_at=0 if len(met) > PAGE_SIZE or is_over else reached,
            unreadable=sum(
                each.instance is None for each in candidates if on is None or each.offset < on.offset
            ),
        )

    def _before(self, cursor: Cursor) -> Sheet:
        lowest = cursor.offset
        met: list[Candidate] = []
        for step in _STEPS:
            if lowest <= 0 or len(met) > PAGE_SIZE or monotonic() > self._give_up_at:
                break
            begin = max(0, lowest - step * PAGE_ROWS)
            read = [
                each for each in self._windows.read(range(begin, lowest, PAGE_ROWS)) if each.offset < lowest
            ]
            met = [each for each in read if each.instance is not None and self._meets(each.instance)] + met
            lowest = begin
        shown = met[-PAGE_SIZE:]
        is_first = lowest <= 0 and len(met) <= PAGE_SIZE
        first = 1 if is_first else max(1, cursor.count - len(shown) + 1)
        count = first - 1 + len(shown)
        back = None
        if not is_first:
            back = Cursor(shown[0].offset if len(met) > PAGE_SIZE else lowest, first - 1, is_backwards=True)
        return self._sheet(
            shown,
            first=first,
            total=count + 1,
            is_over=False,
            back=back,
            on=Cursor(cursor.offset, count),
            looked_at=0 if is_first or len(met) > PAGE_SIZE else cursor.offset - lowest,
            unreadable=0,
        )

    def _sheet(
        self,
        shown: Sequence[Candidate],
        *,
        first: int,
        total: int,
        is_over: bool,
        back: Cursor | None,
        on: Cursor | None,
        looked_at: int,
        unreadable: int,
    ) -> Sheet:
        instances = tuple(each.instance for each in shown if each.instance is not None)
        is_exact = is_over and self._is_complete
        return Sheet(
            page=_named(self._windows.client, instances, unreadable),
            total=total if is_exact else max(total, self._windows.certain),
            first=first,
            is_least=not is_exact,
            is_numbered=False,
            back=back,
            on=on,
            looked_at=looked_at,
        )

    def _meant(self, candidates: Sequence[Candidate]) -> list[Instance]:
        return [
            each.instance for each in candidates if each.instance is not None and self._meets(each.instance)
        ]


def _offsets(start: int, count: int) -> list[int]:
    return [start + place * PAGE_ROWS for place in range(count)]
