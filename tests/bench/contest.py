"""Preparing a load in a portal and stopping it through the product, as a person does."""

from __future__ import annotations

import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.chosen_lists import choose_from_list
from tests.control import Control
from tests.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from tests.bench.loads import Load
    from tests.bench.stage import Stage
    from tests.bench.watch import Watch
    from tests.visitor import Page

MESSAGE = "Stopped by the measurement"
# What may be chosen as "everything that runs" (``bxapp.workflows.snapshots``); more is chosen page by page.
_LARGEST_CHOICE = 150_000
_WORKFLOWS_OF_ONE_CALL = 5000
_INPUT = re.compile(r"<input\b[^>]*\bdata-workflow=[^>]*>")
_ATTRIBUTE = re.compile(r'\b(data-workflow|value)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A dialog, open and filled in: all that is left to do is to confirm."""

    visitor: Visitor
    action: str
    fields: Mapping[str, str | Sequence[str]]
    total: int

    def send(self) -> None:
        """Confirm; raises AssertionError when the application does not take it."""
        _expect(self.visitor.post(self.action, self.fields))


def administrator(stage: Stage, portal: int, *, edition: str = "cloud") -> Visitor:
    """Install the application in a portal and return its administrator with the application open.

    The edition is told before, because the portal is asked for its licence with the installation.
    """
    visitor = Visitor(stage)
    visitor.control = Control(stage, portal=portal)
    visitor.control.change_settings(edition=edition)
    _expect(visitor.open(installer=True))
    visitor.control.finish_installation(visitor.user_id)
    reopen(visitor)
    return visitor


def reopen(visitor: Visitor) -> None:
    """Open the application anew: a session of a page lasts half an hour."""
    _expect(visitor.open())


def add_workflows(control: Control, count: int) -> list[str]:
    """Add ``count`` idle workflows with plain names, a few thousand at a time; return their IDs."""
    ids: list[str] = []
    while len(ids) < count:
        number = min(_WORKFLOWS_OF_ONE_CALL, count - len(ids))
        ids += control.add_workflows(number, document_name="Deal", with_task=False)
    return ids


def choose(visitor: Visitor, ids: Sequence[str]) -> dict[str, list[str]]:
    """Return what the list sends of these workflows: their ticked boxes, or everything but the others."""
    if not 50 < len(ids) <= _LARGEST_CHOICE:
        return {"selected": ticked(visitor, ids)}
    return choose_from_list(visitor, visitor.control, ids)


def ticked(visitor: Visitor, ids: Sequence[str]) -> list[str]:
    """Return what the ticked boxes of these workflows send, from the list's pages."""
    wanted = set(ids)
    found: dict[str, str] = {}
    number = 1
    while wanted - set(found):
        ticks = _ticks(_expect(visitor.get(f"/workflows/?page={number}")).text)
        assert ticks, f"{len(wanted - set(found))} workflows are not in the list"
        found |= ticks
        number += 1
    return [found[one] for one in ids]


def prepare(visitor: Visitor, chosen: Mapping[str, Sequence[str]], total: int) -> Confirmation:
    """Open the dialog for ``total`` chosen workflows and type the message."""
    dialog = _expect(visitor.post("/terminations/dialog/", chosen))
    form = next(form for form in dialog.read().forms if form.action == "/terminations/")
    fields = {**form.fields, "message": MESSAGE, "typed_number": str(total)}
    return Confirmation(visitor, form.action, fields, total)


def confirm(watch: Watch, confirmations: Sequence[Confirmation], limit_seconds: float) -> float | None:
    """Confirm all at once and return the seconds until the last outcome; None: not within the limit.

    All must be of the same number of workflows. Raises what a confirmation raises.
    """
    after = watch.newest_job()
    with ThreadPoolExecutor(len(confirmations)) as people:
        begun = time.perf_counter()
        sent = [people.submit(one.send) for one in confirmations]
        ended = watch.await_jobs(
            after,
            len(confirmations),
            total=confirmations[0].total,
            seconds=limit_seconds,
            check=partial(_raise_from, sent),
        )
        for one in sent:
            one.result()
    return None if ended is None else ended - begun


def finished(control: Control, ids: Sequence[str]) -> int:
    """Return how many of these workflows were terminated, by the portal's own record."""
    record = control.workflows()
    return sum(record[one]["ended_how"] == "terminate" for one in ids)


def lay_out(load: Load, visitor: Visitor) -> tuple[list[str], Confirmation]:
    """Fill the portal with a fresh load and open the dialog for it; then let the portal be what it is."""
    control = visitor.control
    control.change_settings(**{**load.portal_settings, **_CALM_WHILE_PREPARED})
    ids = add_workflows(control, load.count)
    reopen(visitor)
    confirmation = prepare(visitor, choose(visitor, ids), len(ids))
    control.change_settings(**load.portal_settings)
    time.sleep(_TYPING_SECONDS)
    return ids, confirmation


# What a person needs to type the message. Meanwhile the product's own count of the requests by which the list
# was read goes down, as the portal's would.
_TYPING_SECONDS = 3.0
_CALM_WHILE_PREPARED = {"rate_limited": False, "operating_limited": False, "max_parallel": None}


def _ticks(page: str) -> dict[str, str]:
    boxes = (dict(_ATTRIBUTE.findall(found)) for found in _INPUT.findall(page))
    return {box["data-workflow"]: html.unescape(box["value"]) for box in boxes}


def _expect(page: Page) -> Page:
    """Return a page that is as it should be; raises AssertionError with the heading of any other."""
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    said = heading.group(1).strip() if heading else page.text[:200]
    assert page.status == 200, f"{page.status} at {page.url}: {said}"
    return page


def _raise_from(sent: Sequence[Future[None]]) -> None:
    for one in sent:
        if one.done():
            one.result()
