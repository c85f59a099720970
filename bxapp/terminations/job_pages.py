"""What a person sees of a job: how far it is, what it waits for, what came of each workflow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext, pgettext

from bxapp.audit import sentences
from bxapp.terminations.models import Item
from bxapp.terminations.pausing import PAUSABLE
from bxapp.terminations.states import BlockedReason, ItemState, JobState, Outcome
from bxapp.web.paging import Pager, page_number
from bxapp.workflows.documents import describe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bxapp.terminations.models import Job
    from bxapp.workflows.documents import Document

_ITEMS_PER_PAGE = 50
_WAITING = "waiting"


class JobLine:
    """A job in one line: its state in words, its counts."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @property
    def url(self) -> str:
        return reverse("job", args=[self.job.pk])

    @property
    def waiting(self) -> int:
        return self.job.total - self.job.ended

    @property
    def tally(self) -> str:
        """Return "1,262 terminated, 4 failed"; empty before the first outcome."""
        return sentences.tally(self.job.counts)

    @property
    def state(self) -> str:
        """Return the job's state in words."""
        if self.job.state == JobState.FINISHED:
            return pgettext("job", "finished")
        if self.job.state == JobState.CANCELLING:
            return pgettext("job", "being cancelled")
        if self.job.state == JobState.PAUSED:
            return pgettext("job", "paused")
        if self.job.blocked_reason == BlockedReason.PORTAL_LIMIT:
            return _waiting_until(self.job.not_before)
        if self.job.state == JobState.BLOCKED:
            return pgettext("job", "waiting")
        return pgettext("job", "queued") if self.job.state == JobState.QUEUED else pgettext("job", "running")

    @property
    def name(self) -> str:
        """Return "Stopping 3 workflows", or "Stopped" when it has ended."""
        total = self.job.total
        if self.job.is_open:
            text = ngettext("Stopping %(count)s workflow", "Stopping %(count)s workflows", total)
        else:
            text = ngettext("Job of %(count)s workflow", "Job of %(count)s workflows", total)
        return text % {"count": total}


@dataclass(frozen=True, slots=True)
class Count:
    """One of the counts, which is also a filter of the items below."""

    code: str
    label: str
    number: int
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One workflow of the job, with its outcome in words."""

    item: Item
    document: Document
    # The job whose call holds the workflow, while this one's turn has not come.
    held_by: int | None = None

    @property
    def outcome(self) -> str:
        """Return the words of its outcome, or of what it waits for."""
        if self.item.outcome:
            return sentences.outcome(self.item.outcome)
        if self.item.state == ItemState.QUEUED:
            if self.held_by is not None:
                return pgettext("workflow", "waits for job %(number)s") % {"number": self.held_by}
            if self.item.executing_since:
                return pgettext("workflow", "waiting until it is idle")
            return pgettext("workflow", "waiting")
        return pgettext("workflow", "being terminated")

    @property
    def badge(self) -> str:
        return self.item.outcome or self.item.state

    @property
    def reason(self) -> str:
        return sentences.reason(self.item.reason, self.item.other_job_id)


class JobPage(JobLine):
    """A job with one page of its items, all or those of one outcome."""

    def __init__(self, job: Job, chosen: str, number: int) -> None:
        super().__init__(job)
        self.chosen = chosen
        self._number = number

    @property
    def progress_url(self) -> str:
        path = reverse("job-progress", args=[self.job.pk])
        return path + self.pager.url(self._number).removeprefix(self.url)

    @property
    def counts(self) -> list[Count]:
        """Return the counts by outcome, and of what is left."""
        codes = {code: sentences.outcome(code) for code in Outcome.values}
        numbers = {**self.job.counts}
        if self.job.is_open:
            codes[_WAITING] = pgettext("workflows", "waiting")
            numbers[_WAITING] = self.waiting
        return [
            Count(
                code,
                label,
                numbers[code],
                self.url if code == self.chosen else f"{self.url}?outcome={code}",
                code == self.chosen,
            )
            for code, label in codes.items()
        ]

    @property
    def title(self) -> str:
        """Return what the window's title says: how far it is, or that it is done."""
        if not self.job.is_open:
            return gettext("Done: %(tally)s") % {"tally": self.tally}
        return gettext("%(ended)s of %(total)s · Stopping workflows") % {
            "ended": self.job.ended,
            "total": self.job.total,
        }

    @property
    def announcement(self) -> str:
        """Return what a voice tells now and then."""
        if not self.job.is_open:
            return self.title
        return gettext("%(ended)s of %(total)s workflows have an outcome.") % {
            "ended": self.job.ended,
            "total": self.job.total,
        }

    @property
    def wait(self) -> str:
        """Return why the job waits, in a sentence; empty when it does not."""
        return sentences.reason(self.job.blocked_reason)

    @property
    def may_pause(self) -> bool:
        return self.job.state in PAUSABLE

    @property
    def may_go_on(self) -> bool:
        return self.job.state == JobState.PAUSED

    @property
    def may_retry(self) -> bool:
        return not self.job.is_open and bool(self.job.failed)

    @property
    def retries(self) -> list[int]:
        """The jobs that tried again what failed of this one."""
        return list(self.job.retries.order_by("pk").values_list("pk", flat=True))

    @property
    def may_cancel(self) -> bool:
        return self.job.is_open and self.job.state != JobState.CANCELLING

    @property
    def duration_seconds(self) -> int:
        """Return how long the finished job took, in whole seconds, at least 1."""
        if self.job.finished_at is None:
            return 0
        return max(1, round((self.job.finished_at - self.job.created_at).total_seconds()))

    @cached_property
    def pager(self) -> Pager:
        total = self.job.total
        if self.chosen:
            total = self.waiting if self.chosen == _WAITING else self.job.counts[self.chosen]
        query = {"outcome": self.chosen} if self.chosen else {}
        return Pager(self._number, _ITEMS_PER_PAGE, total, query, self.url)

    @cached_property
    def items(self) -> list[ItemLine]:
        """Return the items of this page."""
        own = self.job.items.order_by("position")
        if self.chosen:
            own = own.filter(outcome="" if self.chosen == _WAITING else self.chosen)
        start = (self._number - 1) * _ITEMS_PER_PAGE
        endpoint = self.job.portal.client_endpoint
        shown = list(own[start : start + _ITEMS_PER_PAGE])
        held = _holders(self.job, [item for item in shown if item.state == ItemState.QUEUED])
        return [
            ItemLine(
                item,
                describe(
                    item.module_id,
                    item.entity,
                    item.document_id,
                    name=item.document_name,
                    client_endpoint=endpoint,
                ),
                held.get(item.workflow_id),
            )
            for item in shown
        ]


def _holders(job: Job, queued: list[Item]) -> dict[str, int]:
    """Return which other job's call holds each of these workflows, where one does."""
    if not queued:
        return {}
    held = Item.objects.filter(
        portal_id=job.portal_id,
        workflow_id__in=[item.workflow_id for item in queued],
        state__in=[ItemState.SENT, ItemState.UNSURE],
    )
    return dict(held.values_list("workflow_id", "job_id"))


def _waiting_until(moment: datetime | None) -> str:
    """Return "waiting for the portal until 14:32"; with seconds where it is nearer than two minutes."""
    now = timezone.now()
    if moment is None or moment <= now:
        return pgettext("job", "waiting for the portal")
    local = timezone.localtime(moment)
    if moment - now >= timedelta(minutes=2):
        # The whole minute before would be too early.
        clock = f"{local + timedelta(seconds=59):%H:%M}"
    else:
        clock = f"{local:%H:%M:%S}"
    return pgettext("job", "waiting for the portal until %(clock)s") % {"clock": clock}


def page_of(job: Job, query: Mapping[str, str]) -> JobPage:
    """Return the page of a job that a query asks for: ``outcome`` and ``page``."""
    chosen = query.get("outcome", "")
    if chosen not in {*Outcome.values, _WAITING}:
        chosen = ""
    return JobPage(job, chosen, page_number(query.get("page")))
