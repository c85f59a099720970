"""How long each phase of a job took, in one line of the log at its end: where its time went.

``job_phases job=7 portal=3 total=300 … picked_up_ms=31 looked_ms=84 sent_ms=6 recorded_ms=2210 all_ms=2331``

Each figure counts from the phase before: from the confirmation until a slot took the job up, until the first
look at its workflows was answered or its list was taken for one, until the first call left, until the last
outcome was committed. ``all_ms`` is their sum. ``-``: the process that finished the job did not see that
phase, because there was none (nothing left to call for) or because it belongs to another process.
``taken_over=1``: another had begun the job before.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING

from django.utils import timezone

if TYPE_CHECKING:
    from bxapp.terminations.models import Job

logger = logging.getLogger(__name__)

# Jobs that other processes finish are never ended here: the oldest are forgotten.
_MOST_JOBS = 1000


class Phase(StrEnum):
    """What a job reaches, in this order; the last is its end."""

    PICKED_UP = "picked_up"
    LOOKED = "looked"
    SENT = "sent"


class _Seen:
    """When this process saw a job reach its phases (monotonic seconds)."""

    __slots__ = ("at", "queued_seconds", "taken_over")

    def __init__(self, job: Job) -> None:
        # The confirmation may have been on another machine, with another clock.
        self.queued_seconds = max(0.0, (timezone.now() - job.created_at).total_seconds())
        self.taken_over = job.started_at is not None
        self.at: dict[Phase, float] = {}


_seen: OrderedDict[int, _Seen] = OrderedDict()


def reached(job: Job, phase: Phase) -> None:
    """Note that a job has reached a phase; only the first time counts, so it may be told often."""
    seen = _seen.get(job.pk)
    if seen is None:
        seen = _seen[job.pk] = _Seen(job)
        if len(_seen) > _MOST_JOBS:
            _seen.popitem(last=False)
    if phase not in seen.at:
        seen.at[phase] = monotonic()
        logger.debug("job_phase job=%s portal=%s phase=%s", job.pk, job.portal_id, phase)


def ended(job: Job) -> None:
    """Write the line of a job whose last outcome has just been committed."""
    seen = _seen.pop(job.pk, None)
    figures: dict[str, int | str] = {"job": job.pk, "portal": job.portal_id, "total": job.total, **job.counts}
    if seen is not None:
        figures["taken_over"] = int(seen.taken_over)
    spans = _spans(seen)
    figures |= {f"{name}_ms": _milliseconds(span) for name, span in spans.items()}
    if spans["recorded"] is not None:
        figures["all_ms"] = _milliseconds(sum(span for span in spans.values() if span is not None))
    elif job.finished_at is not None:
        figures["all_ms"] = _milliseconds((job.finished_at - job.created_at).total_seconds())
    logger.info("job_phases %s", " ".join(f"{name}={told}" for name, told in figures.items()))


def _spans(seen: _Seen | None) -> dict[str, float | None]:
    """Return the seconds of each phase until now, None for one that was not seen."""
    spans: dict[str, float | None] = dict.fromkeys((*Phase, "recorded"))
    before = seen.at.get(Phase.PICKED_UP) if seen is not None else None
    if seen is None or before is None:
        return spans
    spans[Phase.PICKED_UP] = seen.queued_seconds
    for name in (Phase.LOOKED, Phase.SENT):
        if name in seen.at:
            spans[name], before = seen.at[name] - before, seen.at[name]
    spans["recorded"] = monotonic() - before
    return spans


def _milliseconds(seconds: float | None) -> int | str:
    return "-" if seconds is None else round(1000 * seconds)
