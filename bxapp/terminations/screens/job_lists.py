"""The portal's jobs, newest first, a page at a time; and how many of them are open."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse

from bxapp.terminations.models import Job
from bxapp.terminations.pace.bounds import Bound
from bxapp.terminations.screens.job_lines import JobLine
from bxapp.terminations.states import JobState
from bxapp.web.paging import Pager

if TYPE_CHECKING:
    from bxapp.portals.models import Portal

PAGE_SIZE = 50
# A badge has room for two digits.
MOST_TOLD = 99


class OpenJobs:
    """How many jobs of a portal have not ended; counted when a page shows it, and once."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    @cached_property
    def count(self) -> int:
        """Return the number, up to MOST_TOLD + 1."""
        still_open = Job.objects.filter(portal=self._portal).exclude(state=JobState.FINISHED).order_by()
        # For every page: to let Django write a count over a part takes longer than to fetch so few numbers.
        return len(still_open.values_list("pk", flat=True)[: MOST_TOLD + 1])

    @property
    def label(self) -> str:
        """Return what the badge shows: "3", "99+", or nothing."""
        if self.count > MOST_TOLD:
            return f"{MOST_TOLD}+"
        return str(self.count) if self.count else ""


class JobList:
    """One page of the list: two statements, however many jobs are on it; and one where any is at work."""

    def __init__(self, portal: Portal, number: int) -> None:
        self._own = Job.objects.filter(portal=portal)
        self._bound = Bound(portal)
        self._number = number

    @cached_property
    def pager(self) -> Pager:
        return Pager(self._number, PAGE_SIZE, self._own.count(), list_path=reverse("jobs"))

    @cached_property
    def lines(self) -> list[JobLine]:
        start = (self._number - 1) * PAGE_SIZE
        return [JobLine(job, self._bound) for job in self._own.order_by("-pk")[start : start + PAGE_SIZE]]

    @property
    def url(self) -> str:
        """The address of this page of the list."""
        return self.pager.url(self._number)

    @property
    def is_live(self) -> bool:
        """Whether anything on this page may still change by itself."""
        return any(line.job.is_open for line in self.lines)
