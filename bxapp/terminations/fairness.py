"""Whose turn is next: first which portal, then which of its jobs. The only place where that is decided.

**Portals** take turns by what they have had: each has a tally of workflows served, the one with the smallest
is next, and its turn adds to it (start-time fair queueing, Goyal, Vin and Cheng 1996: the fairness of a
deficit round robin, and a turn changes nothing but the tally of its own portal, so workers on several
machines need no common list). A portal that gets work is brought next to the smallest tally of those that
have some: it has no old savings to spend and no old debt beyond one turn, so three workflows do not wait
behind another portal's hundred thousand. While others wait, a turn is for ``QUANTUM`` workflows at most.
Nobody starves: between two turns of a portal no other can have more than it had in one, and a turn more.

**Jobs** of one portal: the one with the fewest workflows left is next, so a small one overtakes a big one and
most people wait least. But every fourth request goes to the job that has waited longest, so that the big one
goes on however many small ones come.

Plain data in, plain data out: no database, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Workflows per turn while others wait: a few batches, some milliseconds of a worker's time.
QUANTUM = 250
LONGEST_BATCH = 50
# Every how many requests the job that has waited longest gets one.
LONGEST_WAITING_EVERY = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """A portal for which something is due now. ``since``: when that began, seconds of one clock."""

    portal_id: int
    tally: int
    since: float


@dataclass(frozen=True, slots=True)
class Share:
    """The next turn: its portal, and how many workflows it may take; None: all, nobody else waits."""

    portal_id: int
    workflows: int | None


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job that has something due. ``waits_since``: when it was queued, or last got a request."""

    job_id: int
    remaining: int
    waits_since: float


def next_turn(waiting: Iterable[Waiting]) -> Share | None:
    """Return the turn that is next, None when no portal waits.

    Leave out those for which nothing can be done at this moment: a limit, a pause, another worker.
    """
    candidates = list(waiting)
    if not candidates:
        return None
    first = min(candidates, key=lambda portal: (portal.tally, portal.since, portal.portal_id))
    return Share(first.portal_id, QUANTUM if len(candidates) > 1 else None)


def tally_on_arrival(tally: int, others: Iterable[int]) -> int:
    """Return the tally of a portal that gets work after it had none.

    ``others``: the tallies of all portals that have work, waiting for something or not.
    """
    lowest = min(others, default=tally)
    return min(max(tally, lowest), lowest + QUANTUM)


def tally_after_turn(tally: int, used: int) -> int:
    """Return the tally after a turn in which so many workflows were taken; a turn counts even if none were.

    What was taken beyond a turn's share was taken while nobody else waited, and is not held against anybody.
    """
    return tally + min(max(1, used), QUANTUM + LONGEST_BATCH)


def next_job(jobs: Iterable[OpenJob], requests_before: int) -> OpenJob | None:
    """Return the job of one portal that the next request is for; None when there are none.

    ``requests_before``: how many requests this portal has had; any count that goes up by one with each.
    """
    candidates = list(jobs)
    if not candidates:
        return None
    if requests_before % LONGEST_WAITING_EVERY == LONGEST_WAITING_EVERY - 1:
        return min(candidates, key=lambda job: (job.waits_since, job.job_id))
    return min(candidates, key=lambda job: (job.remaining, job.job_id))
