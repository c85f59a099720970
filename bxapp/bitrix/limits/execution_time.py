"""Execution time as it is counted and asked for: the portal's rule, reservations, and what answers tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatingRule:
    """The portal's numbers, all in seconds."""

    limit: float
    window: float = 600.0
    basket: float = 60.0
    threshold: float = 0.1
    ban: float = 300.0


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
