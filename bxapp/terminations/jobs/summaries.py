"""What came of a finished job, in one sentence that can be read aloud, copied and sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext

from bxapp.audit import sentences
from bxapp.terminations.jobs import durations

if TYPE_CHECKING:
    from bxapp.terminations.models import Job


def tally(job: Job) -> str:
    """Return "1,262 terminated, 18 had already finished": the outcomes so far that did occur."""
    return sentences.tally(job.counts)


def duration_seconds(job: Job) -> float:
    """Return how long a finished job took from its confirmation to its last outcome; 0.0 while it is open."""
    if job.finished_at is None:
        return 0.0
    return max(0.0, (job.finished_at - job.created_at).total_seconds())


def sentence(job: Job) -> str:
    """Return the summary of a finished job: "1,262 terminated, 4 failed, in 38 s"."""
    return gettext("%(tally)s, in %(duration)s") % {
        "tally": tally(job),
        "duration": durations.taken(duration_seconds(job)),
    }


def grouped(number: int) -> str:
    """Return a count with its thousands apart, as the reader writes it."""
    return number_format(number, decimal_pos=0, use_l10n=True, force_grouping=True)
