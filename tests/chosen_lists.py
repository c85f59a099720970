"""Choosing from "everything that runs" instead of ticking boxes: the list that a worker reads."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.control import Control
    from tests.visitor import Visitor

_READ_WITHIN_SECONDS = 300.0
_ASKS_EVERY_SECONDS = 0.5
_SNAPSHOT = re.compile(r'\bdata-(snapshot|snapshot-state)="([^"]*)"')


def choose_from_list(visitor: Visitor, control: Control, ids: Sequence[str]) -> dict[str, list[str]]:
    """Let everything that runs be read, and return what the page sends for all of it but what is not in
    ``ids``; raises AssertionError where the list cannot be had or lacks one of them.
    """
    page = visitor.post("/workflows/snapshots/", {"total": str(len(ids))})
    assert page.status == 200, page.text
    ends_at = time.monotonic() + _READ_WITHIN_SECONDS
    while (told := dict(_SNAPSHOT.findall(page.text)))["snapshot-state"] == "reading":
        assert time.monotonic() < ends_at, "the list is not read in time"
        time.sleep(_ASKS_EVERY_SECONDS)
        page = visitor.get(f"/workflows/snapshots/{told['snapshot']}/")
        assert page.status == 200, page.text
    assert told["snapshot-state"] == "done", page.text
    listed = {one for one, row in control.workflows().items() if row["in_list"]}
    wanted = set(ids)
    assert wanted <= listed, f"{len(wanted - listed)} workflows are not in the list"
    return {"snapshot": [told["snapshot"]], "left_out": sorted(listed - wanted)}
