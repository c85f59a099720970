"""Whose turn is next: first which portal, then which of its jobs. The only place where that is decided.

**Portals** take turns: deficit round robin (Shreedhar and Varghese 1995). A turn adds a quantum to the
portal's credit and lets it take so many workflows; what it took is subtracted. A batch may take more than
was left: the portal then sits out until it has paid. So over time all portals that have work get the same,
however large their jobs or batches are. Who has waited longest is next; a portal that has just got work
counts as having waited a second longer, so three workflows do not wait for a round of everybody's hundred
thousand. That second is all: who has waited longer than it is not overtaken, so nobody starves.

**Jobs** of one portal: the one with the fewest workflows left is next, so a small one overtakes a big one and
most people wait least. But every fourth request goes to the job that has waited longest, so that the big one
goes on however many small ones come.

Plain data in, plain data out: no database, no clock. Moments are seconds of one clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Workflows per turn: a few batches, some milliseconds of a worker's time.
QUANTUM = 250
HEAD_START_SECONDS = 1.0
# Every how many requests the job that has waited longest gets one.
LONGEST_WAITING_EVERY = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """A portal's place in the round. Keep it as long as the portal has work, forget it then.

    ``waits_since``: when it got work, or its last turn ended. ``is_new``: it has not had a turn since it got
    work. ``credit`` in workflows: never above 0 between turns, below while it has had more than its share.
    """

    portal_id: int
    waits_since: float
    credit: int = 0
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """``portal_id`` may take ``workflows`` now. ``standings``: what the others' have become, to be kept."""

    portal_id: int
    workflows: int
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job that has something due. ``waits_since``: when it was queued, or last got a request."""

    job_id: int
    remaining: int
    waits_since: float


def next_turn(waiting: Iterable[Standing], now: float) -> Turn | None:
    """Return the turn that is next among portals that have something due now; None when there are none.

    Leave out the portals that nothing can be done for at this moment (a limit, a pause, another worker has
    its turn): they keep their standing.
    """
    standings = sorted(waiting, key=_place)
    if not standings:
        return None
    # Whole rounds in which nobody is in credit are gone through at once.
    rounds = min(max(0, -standing.credit) // QUANTUM for standing in standings)
    owned = [standing.credit + rounds * QUANTUM for standing in standings]
    place = next(place for place, credit in enumerate(owned) if credit + QUANTUM > 0)
    sat_out = [
        replace(standing, credit=credit + QUANTUM, waits_since=now, is_new=False)
        for standing, credit in zip(standings[:place], owned, strict=False)
    ]
    behind = [
        replace(standing, credit=credit)
        for standing, credit in zip(standings[place + 1 :], owned[place + 1 :], strict=True)
        if credit != standing.credit
    ]
    return Turn(standings[place].portal_id, owned[place] + QUANTUM, (*sat_out, *behind))


def after_turn(standing: Standing, turn: Turn, used: int, now: float) -> Standing:
    """Return the standing of the turn's portal after it took so many workflows and still has some.

    What it could have taken and did not is gone: credit is no savings account. What it took while nobody else
    waited is not held against it beyond one turn.
    """
    credit = max(-QUANTUM, min(0, turn.workflows - used))
    return replace(standing, credit=credit, waits_since=now, is_new=False)


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


def _place(standing: Standing) -> tuple[float, int]:
    head_start = HEAD_START_SECONDS if standing.is_new else 0.0
    return standing.waits_since - head_start, standing.portal_id
