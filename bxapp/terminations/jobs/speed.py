"""How fast a job goes, and how long it will still take: from outcomes that were recorded, never from hope.

Each transaction that ends items leaves a mark with its job: how many had ended at which moment. The marks
of the last half minute give the rate; so a page need not count a hundred thousand rows every second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bxapp.terminations.models import Job

WINDOW_SECONDS = 30.0
# Marks that are nearer to each other are one.
_APART_SECONDS = 2.0
# A rate over a shorter time says more about a single batch than about the job.
_LEAST_SECONDS = 1.0

Marks = list[list[float]]


def marked(known: Sequence[Any] | None, started_at: datetime | None, ended: int, now: datetime) -> Marks:
    """Return the marks of a job of which ``ended`` items have an outcome since ``now``.

    The last one is always the latest outcome. Before the first outcome stands the moment of the start.
    """
    at = round(now.timestamp(), 2)
    marks = _read(known)
    if not marks and started_at is not None:
        marks = [[round(started_at.timestamp(), 2), 0]]
    if len(marks) >= 2 and at - marks[-2][0] < _APART_SECONDS:
        marks.pop()
    marks.append([at, ended])
    return [mark for mark in marks if at - mark[0] <= WINDOW_SECONDS]


def per_second(job: Job, now: datetime) -> float | None:
    """Return how many workflows of a job have ended per second lately; None when that is not known.

    It is not known before there are two marks, and no longer when nothing has ended for half a minute. It
    falls while nothing ends for more than three times as long as it took between two outcomes.
    """
    marks = [mark for mark in _read(job.marks) if now.timestamp() - mark[0] <= WINDOW_SECONDS]
    if len(marks) < 2:
        return None
    first, last = marks[0], marks[-1]
    seconds, ended = last[0] - first[0], last[1] - first[1]
    if seconds < _LEAST_SECONDS or ended <= 0:
        return None
    # Since the last outcome the clock has run on: a job that has become slow says so before the next one.
    silent = now.timestamp() - last[0]
    usual = seconds / (len(marks) - 1)
    return ended / (seconds + max(0.0, silent - 3 * usual))


def seconds_left(job: Job, now: datetime) -> float | None:
    """Return how many seconds the rest of a running job takes at its present rate; None when not known."""
    rate = per_second(job, now)
    return None if rate is None else (job.total - job.ended) / rate


def _read(known: Sequence[Any] | None) -> Marks:
    return [[float(at), int(ended)] for at, ended in known or ()]
