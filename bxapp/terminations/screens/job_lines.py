"""A job in one line: its state in words, how far and how fast it is, and what one may do with it."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext

from bxapp.audit import sentences
from bxapp.terminations.jobs import durations, speed, summaries
from bxapp.terminations.jobs.pausing import PAUSABLE
from bxapp.terminations.jobs.rights import WAITS_FOR_PERSON
from bxapp.terminations.states import BlockedReason, JobState

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.terminations.models import Job
    from bxapp.terminations.pace.bounds import Bound

# A moment that is nearer than this is told with its seconds.
_NEAR = timedelta(minutes=2)


class JobLine:
    """What is known of a job from its own row: no line asks the database for anything more.

    ``bound`` is that of the job's portal, one for all lines of a list.
    """

    def __init__(self, job: Job, bound: Bound) -> None:
        self.job = job
        self._bound = bound
        self._now = timezone.now()

    @property
    def url(self) -> str:
        return reverse("job", args=[self.job.pk])

    @property
    def waiting(self) -> int:
        return self.job.total - self.job.ended

    @property
    def percent(self) -> int:
        """Return how much of it is done, in whole percent; 100 only when it is."""
        return self.job.ended * 100 // self.job.total if self.job.total else 100

    @property
    def tally(self) -> str:
        """Return "1,262 terminated, 4 failed"; empty before the first outcome."""
        return summaries.tally(self.job)

    @property
    def summary(self) -> str:
        """Return the sentence that a finished job is told with; empty while it is open."""
        return "" if self.job.is_open else summaries.sentence(self.job)

    @property
    def name(self) -> str:
        """Return "Stopping 3 workflows", or "Job of" them when it has ended."""
        total = self.job.total
        if self.job.is_open:
            text = ngettext("Stopping %(count)s workflow", "Stopping %(count)s workflows", total)
        else:
            text = ngettext("Job of %(count)s workflow", "Job of %(count)s workflows", total)
        return text % {"count": summaries.grouped(total)}

    @property
    def state(self) -> str:
        """Return the job's state in words."""
        job = self.job
        if job.state == JobState.FINISHED:
            return pgettext("job", "finished")
        if job.state == JobState.CANCELLING:
            return pgettext("job", "being cancelled")
        if job.state == JobState.PAUSED:
            return pgettext("job", "paused")
        if job.blocked_reason == BlockedReason.PORTAL_LIMIT:
            return self._waiting_until(job.not_before)
        if job.blocked_reason in WAITS_FOR_PERSON:
            return pgettext("job", "waiting for a person")
        if job.state == JobState.BLOCKED:
            return self._waiting_until(job.not_before)
        return pgettext("job", "queued") if job.state == JobState.QUEUED else pgettext("job", "running")

    @property
    def wait(self) -> str:
        """Return why the job waits, in a sentence; empty when it does not."""
        return sentences.reason(self.job.blocked_reason)

    # --- speed -------------------------------------------------------------------------------------------

    @cached_property
    def rate(self) -> str:
        """Return "41 per second" as long as the job is at work and that is known, else an empty text."""
        measured = speed.per_second(self.job, self._now) if self.is_at_work else None
        return "" if measured is None else durations.rate(measured)

    @cached_property
    def time_left(self) -> str:
        """Return "about 20 s left"; when the job is at work and nobody can tell yet, that; else nothing."""
        if not self.is_at_work:
            return ""
        seconds = speed.seconds_left(self.job, self._now)
        if seconds is None:
            return gettext("time left not known yet")
        return durations.left(max(seconds, self._bound.seconds(self.waiting)))

    @property
    def is_at_work(self) -> bool:
        """Whether nothing keeps it from going on right now."""
        return self.job.state == JobState.RUNNING and not self.job.blocked_reason

    # --- what one may do ---------------------------------------------------------------------------------

    @property
    def may_pause(self) -> bool:
        return self.job.state in PAUSABLE

    @property
    def may_go_on(self) -> bool:
        return self.job.state == JobState.PAUSED

    @property
    def may_cancel(self) -> bool:
        """Also once more where it waits for somebody: whoever does it lends the rights to ask."""
        waits_for_person = self.job.blocked_reason in WAITS_FOR_PERSON
        return self.job.is_open and (self.job.state != JobState.CANCELLING or waits_for_person)

    @property
    def may_retry(self) -> bool:
        return not self.job.is_open and bool(self.job.failed)

    def _waiting_until(self, moment: datetime | None) -> str:
        """Return "waiting for the portal until 14:32"; with seconds where it is nearer than two minutes."""
        if moment is None or moment <= self._now:
            return pgettext("job", "waiting for the portal")
        local = timezone.localtime(moment)
        if moment - self._now >= _NEAR:
            # The whole minute before would be too early.
            clock = f"{local + timedelta(seconds=59):%H:%M}"
        else:
            clock = f"{local:%H:%M:%S}"
        return pgettext("job", "waiting for the portal until %(clock)s") % {"clock": clock}
