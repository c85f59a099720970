"""From a list that was chosen to its job: how long whoever confirms it waits for each answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.visitor import Page, Visitor

# Without {document}: the portal in a box has names that take all of a message's 255 characters.
MESSAGES = {
    "without placeholders": "Stopped: template replaced",
    "with placeholders": "{template}, started {started}, stopped by {user}",
}


def confirmed(visitor: Visitor, reference: str, count: int) -> Iterator[tuple[str, ...]]:
    """Make a job of the list with each message, and give a row of the table for each answer.

    Nobody may be working for the portal: the first job would be measured with the second.
    """
    for told, message in MESSAGES.items():
        row, dialog = _timed(
            visitor,
            f"dialog of {count:,} opened",
            lambda: visitor.post("/terminations/dialog/", {"snapshot": reference}),
        )
        yield row
        form = next(form for form in dialog.read().forms if form.action == "/terminations/")
        fields = {**form.fields, "message": message, "typed_number": str(count)}
        yield _timed(
            visitor,
            f"preview of a message {told}",
            lambda fields=fields: visitor.post("/terminations/preview/", fields),  # type: ignore[misc]
        )[0]
        row, page = _timed(
            visitor,
            f"{count:,} confirmed, message {told}: to the job's page",
            lambda fields=fields: visitor.post("/terminations/", fields),  # type: ignore[misc]
        )
        assert "/jobs/" in f"{page.headers.get('HX-Location', '')} {page.url}", page.text
        yield row


def _timed(visitor: Visitor, what: str, ask: Callable[[], Page]) -> tuple[tuple[str, ...], Page]:
    visitor.control.forget_requests()
    begun = time.perf_counter()
    page = ask()
    took = time.perf_counter() - begun
    assert page.status == 200, f"{page.status} at {page.url}: {page.text[:300]}"
    latest = visitor.control.requests()["latest"]
    own = took - sum(one["seconds"] for one in latest)
    return (what, str(len(latest)), f"{own * 1000:.1f} ms", f"{took * 1000:.1f} ms", ""), page
