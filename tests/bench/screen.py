"""The administrator's screen in a portal with 50,000 running workflows, and with 100,000.

The own time of an answer is what the product needed to make it (``timed``), less what the portal needed of
that, by the sandbox's own record: so it holds the product's work, its database and Redis, and the ways
between all of them and the portal. The whole answer is what the browser waits for.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import busy_portal, confirming
from tests.bench.figures import Table, percentile
from tests.bench.machine import PeakMemory, memory_bytes
from tests.bench.stage import staged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.bench.stage import Stage
    from tests.visitor import Page, Visitor

HEADS = ("running", "screen", "portal requests", "own time", "whole answer", "notes")
LATE_MS = 30.0
_PAGE_ROWS = 50
_PROGRESS = re.compile(r'\bdata-(snapshot|snapshot-state|count)="([^"]*)"')
_LONGEST_READING_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Size:
    """How many run, and how often each page and the overview are asked for."""

    workflows: int
    repetitions: int
    overviews: int = 0


def screen(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Measure pages, the overview and snapshots where 50,000 run."""
    size = Size(300, 4, 2) if quick else Size(50_000, 100, 5)
    with _filled(size, on_sqlite, tell) as (stage, visitor):
        figures = _Figures(size, tell)
        for what, path, must in _pages(size.workflows):
            figures.note(_repeated(visitor, what, path, size.repetitions, must))
        anew = "/workflows/overview/?shown=1"
        figures.note(_repeated(visitor, "overview, for the first time", anew, 1))
        # Figures that contradict the list are counted anew, whatever their age.
        figures.note(_repeated(visitor, "overview, counted anew", anew, size.overviews))
        shown_again = "/workflows/overview/"
        figures.note(_repeated(visitor, "overview, of the last minute", shown_again, size.repetitions))
        figures.note(_snapshot(stage, visitor, "snapshot of the hung ones", "?state=hung")[0])
        figures.note(_snapshot(stage, visitor, "snapshot of all", "", expected=size.workflows)[0])
    return Table(HEADS, figures.rows)


def larger(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Look at the list where 100,000 run, choose all of them, and confirm that they are to be stopped."""
    size = Size(700, 4) if quick else Size(100_000, 100)
    with _filled(size, on_sqlite, tell) as (stage, visitor):
        figures = _Figures(size, tell)
        _look_at_the_list(visitor, size.workflows)
        for what, path, must in _pages(size.workflows)[:2]:
            figures.note(_repeated(visitor, what, path, size.repetitions, must))
        row, reference = _snapshot(stage, visitor, "snapshot of all", "", expected=size.workflows)
        figures.note(row)
        for worker in stage.workers:
            worker.stop()
        for row in confirming.confirmed(visitor, reference, size.workflows):
            figures.note(row)
    return Table(HEADS, figures.rows)


@contextmanager
def _filled(size: Size, on_sqlite: bool, tell: Callable[[str], None]) -> Iterator[tuple[Stage, Visitor]]:
    with staged(portals=1, on_sqlite=on_sqlite) as (stage, _):
        visitor = busy_portal.administrator(stage)
        busy_portal.fill(visitor.control, size.workflows)
        tell(f"{size.workflows:,} workflows run")
        yield stage, visitor


class _Figures:
    """Rows of the table, each told as soon as it is known."""

    def __init__(self, size: Size, tell: Callable[[str], None]) -> None:
        self.rows: list[tuple[str, ...]] = []
        self._size = size
        self._tell = tell

    def note(self, row: tuple[str, ...]) -> None:
        told = (f"{self._size.workflows:,}", *row)
        self._tell("; ".join(told))
        self.rows.append(told)


def _pages(workflows: int) -> list[tuple[str, str, bool]]:
    """What is looked at, where, and whether it must be one request and quick."""
    middle = workflows // _PAGE_ROWS // 2
    return [
        ("first page", "/workflows/", True),
        (f"page {middle:,}", f"/workflows/?page={middle}", True),
        ("deals only: the portal filters", "/workflows/?kind=deal", True),
        ("automation rules only", "/workflows/?origin=rules", False),
        ("started by dismissed employees", "/workflows/?by=dismissed", False),
        ("older than 30 days: looked through here", "/workflows/?older=30d", False),
        ("hung: looked through here", "/workflows/?state=hung", False),
    ]


def _repeated(
    visitor: Visitor, what: str, path: str, repetitions: int, must: bool = False
) -> tuple[str, ...]:
    """Ask for a page so often, after once to warm up where it is repeated."""
    if repetitions > 1:
        _found(visitor.get(path))
    visitor.control.forget_requests()
    asked: list[tuple[float, float]] = []
    made: list[float] = []
    for _ in range(repetitions):
        begun = time.time()
        page = visitor.get(path)
        asked.append((begun, time.time()))
        made.append(_server_ms(_found(page)))
    latest = visitor.control.requests()["latest"]
    behind = [[one for one in latest if begun <= one["at"] <= ended] for begun, ended in asked]
    whole = [(ended - begun) * 1000 for begun, ended in asked]
    own = [
        took - sum(one["seconds"] for one in portal) * 1000 for took, portal in zip(made, behind, strict=True)
    ]
    counts = sorted({len(portal) for portal in behind})
    return (
        what,
        " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1]))),
        _told(own),
        _told(whole),
        _verdict(counts, own) if must else "",
    )


def _server_ms(page: Page) -> float:
    """Return how long the making of an answer took (``timed``)."""
    return float(page.headers["Server-Timing"].removeprefix("app;dur="))


def _verdict(counts: Sequence[int], own: Sequence[float]) -> str:
    is_kept = list(counts) == [1] and percentile(own, 0.95) < LATE_MS
    return f"must: 1 request, p95 < {LATE_MS:.0f} ms{'' if is_kept else ' – MISSED'}"


def _told(milliseconds: Sequence[float]) -> str:
    if len(milliseconds) == 1:
        return f"{milliseconds[0]:.1f} ms"
    median, late = percentile(milliseconds, 0.5), percentile(milliseconds, 0.95)
    return f"median {median:.1f} ms, p95 {late:.1f} ms"


def _snapshot(
    stage: Stage, visitor: Visitor, what: str, query: str, expected: int | None = None
) -> tuple[tuple[str, ...], str]:
    """Choose all that a filter means, and wait for the list, which a worker reads; its row and reference."""
    listed = _total(_found(visitor.get(f"/workflows/{query}")).text)
    visitor.control.forget_requests()
    before = max(memory_bytes(slot) for slot in stage.slots())
    with PeakMemory(stage.slots) as memory:
        begun = time.time()
        page = _found(visitor.post(f"/workflows/snapshots/{query}", {"total": str(listed)})).text
        while (told := dict(_PROGRESS.findall(page)))["snapshot-state"] == "reading":
            assert time.time() < begun + _LONGEST_READING_SECONDS, "the list is not read in time"
            time.sleep(0.1)
            page = _found(visitor.get(f"/workflows/snapshots/{told['snapshot']}/")).text
        took = time.time() - begun
    assert told["snapshot-state"] == "done", page
    count = int(told["count"])
    assert expected is None or count == expected, f"{count} of {expected} are in the list"
    latest = visitor.control.requests()["latest"]
    own = took - sum(one["seconds"] for one in latest)
    grown = (memory.peak_bytes - before) / 2**20
    row = (
        f"{what}: {count:,}",
        str(len(latest)),
        f"{own:.1f} s",
        f"{took:.1f} s",
        f"a worker's memory grows by {max(0.0, grown):.0f} MiB",
    )
    return row, told["snapshot"]


def _look_at_the_list(visitor: Visitor, total: int) -> None:
    """Raise AssertionError where the list does not offer all of it: the last page, and to choose all."""
    last_page = -(-total // _PAGE_ROWS)
    first = _found(visitor.get("/workflows/")).text
    assert re.search(rf"\bpage={last_page}\b", first), f"page {last_page} is not offered"
    assert f"Select all {total:,} matching workflows" in first, "all cannot be chosen at once"
    last = _found(visitor.get(f"/workflows/?page={last_page}"))
    assert len(last.read().ticks) == total - (last_page - 1) * _PAGE_ROWS, "the last page is not whole"


def _total(page: str) -> int:
    """Return how many the list says there are; of one that was looked through, at least."""
    found = re.search(r"""name="total" value="(\d+)"|"total": "(\d+)\"""", page)
    return int(found[1] or found[2]) if found else 0


def _found(page: Page) -> Page:
    assert page.status == 200, f"{page.status} at {page.url}: {page.text[:300]}"
    return page
