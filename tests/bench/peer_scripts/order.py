"""What a peer is to do, from standard input, and what came of it, on standard output."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Order:
    """Stop the workflows ``ids`` with ``message``, through an administrator's incoming webhook."""

    webhook: str
    ids: list[str]
    message: str


def run(work: Callable[[Order], None]) -> None:
    """Do the order and tell how long it took, and with which exception the peer gave up, if it did."""
    order = Order(**json.load(sys.stdin))
    begun = time.perf_counter()
    error = ""
    try:
        work(order)
    except Exception as given_up:  # noqa: BLE001 -- whatever a peer raises is how it ended
        error = type(given_up).__name__
    seconds = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"seconds": seconds, "error": error}) + "\n")
