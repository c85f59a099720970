"""What a person sees of a job: how far it is, what it waits for, what came of each workflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, npgettext, pgettext

from bxapp.audit import sentences
from bxapp.terminations.jobs.summaries import grouped
from bxapp.terminations.models import Item
from bxapp.terminations.pace.bounds import Bound
from bxapp.terminations.screens import failures, job_csv
from bxapp.terminations.screens.job_lines import JobLine
from bxapp.terminations.states import ItemState, Outcome
from bxapp.web.paging import Pager, page_number
from bxapp.workflows.documents import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.terminations.models import Job
    from bxapp.workflows.documents import Document

_ITEMS_PER_PAGE = 50
_WAITING = "waiting"


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
            if self.item.waits_until_idle:
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
        super().__init__(job, Bound(job.portal))
        self.chosen = chosen
        self._number = number

    @property
    def progress_url(self) -> str:
        path = reverse("job-progress", args=[self.job.pk])
        return path + self.pager.url(self._number).removeprefix(self.url)

    @property
    def file_name(self) -> str:
        """Return what the file with its workflows is called."""
        return job_csv.file_name(self.job)

    @property
    def counts(self) -> list[Count]:
        """Return the counts by outcome, and of what is left."""
        numbers = {**self.job.counts}
        codes = {code: sentences.counted(code, numbers[code]) for code in Outcome.values}
        if self.job.is_open:
            codes[_WAITING] = npgettext("under the number of workflows", "waiting", "waiting", self.waiting)
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
            "ended": grouped(self.job.ended),
            "total": grouped(self.job.total),
        }

    @property
    def announcement(self) -> str:
        """Return what a voice tells now and then."""
        if not self.job.is_open:
            return self.summary
        if not self.is_at_work:
            return self.state
        return gettext("%(ended)s of %(total)s workflows have an outcome.") % {
            "ended": grouped(self.job.ended),
            "total": grouped(self.job.total),
        }

    @property
    def retries(self) -> list[int]:
        """The jobs that tried again what failed of this one."""
        return list(self.job.retries.order_by("pk").values_list("pk", flat=True))

    @cached_property
    def failed_by_reason(self) -> list[failures.Failure]:
        """Return what failed by reason, once the job has ended or where somebody looks at what failed."""
        return failures.of_job(self.job) if not self.job.is_open or self.chosen == Outcome.FAILED else []

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


def page_of(job: Job, query: Mapping[str, str]) -> JobPage:
    """Return the page of a job that a query asks for: ``outcome`` and ``page``."""
    chosen = query.get("outcome", "")
    if chosen not in {*Outcome.values, _WAITING}:
        chosen = ""
    return JobPage(job, chosen, page_number(query.get("page")))
