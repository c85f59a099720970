"""Execution time as it is counted and asked for: the portal's rule, reservations, and what answers tell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.limits.shared import text

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class OperatingRule:
    """The portal's numbers, all in seconds."""

    limit: float
    window: float = 600.0
    basket: float = 60.0
    threshold: float = 0.1
    ban: float = 300.0

    @property
    def longest_refusal(self) -> float:
        """No refusal holds longer, whatever the portal tells: all records go within a window, bans end."""
        return self.window + self.ban


CLOUD = OperatingRule(480.0)
ON_PREMISE = OperatingRule(420.0)


@dataclass(frozen=True, slots=True)
class Reservation:
    """``calls`` calls of the method may be sent in one request; settle it when its answer came.

    ``id`` is empty where nothing is counted.
    """

    calls: int
    id: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Nothing may be sent now. ``under_way``: calls that have been sent must end first, ask again then.

    Otherwise the budget is spent for ``wait_seconds``, that is until the Unix time ``until``.
    """

    wait_seconds: float
    until: float
    under_way: bool


def reserved(answer: Sequence[Any], reservation_id: str) -> Reservation | Spent:
    """Return what the script ``operating`` answered to one reserve."""
    granted, wait, under_way = int(answer[0]), float(text(answer[1])), bool(answer[2])
    if granted:
        return Reservation(granted, reservation_id)
    return Spent(wait, time.time() + wait, under_way)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an answer told of a request's work. Stamps are the portal's own ``finish`` times, Unix seconds.

    ``elapsed_seconds`` from sending to the answer: the request worked at most that long, and its first call,
    which no two stamps enclose, may have been the longest. ``operating`` and ``reset_at`` (Unix time) as told
    with the last call; None means that the portal has no such limit, unless ``heard`` is False: then the
    answer had no ``time`` at all.
    """

    elapsed_seconds: float
    first_finish: float | None = None
    last_finish: float | None = None
    operating: float | None = None
    reset_at: float | None = None
    heard: bool = True
