"""Reading the audit log of one portal: filtered, newest first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Max

from bxapp.audit import sentences
from bxapp.audit.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

PAGE_SIZE = 50
_LONGEST_WORKFLOW_ID = 128
_LARGEST_PERSON = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; empty values leave a column unfiltered."""

    person: int | None = None
    outcome: str = ""
    workflow: str = ""

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Filter:
        """Return the filter of ``?person=&outcome=&workflow=``; values that cannot be are left out."""
        person = query.get("person", "")
        is_number = person.isascii() and person.isdigit() and int(person[:20]) <= _LARGEST_PERSON
        outcome = query.get("outcome", "")
        return cls(
            person=int(person) if is_number and len(person) <= 19 else None,
            outcome=outcome if outcome in sentences.OUTCOMES else "",
            workflow=query.get("workflow", "").replace("\x00", "").strip()[:_LONGEST_WORKFLOW_ID],
        )

    @property
    def is_set(self) -> bool:
        return self.person is not None or bool(self.outcome or self.workflow)

    @property
    def query(self) -> dict[str, str]:
        """Return the filter as a query's values."""
        values = {"outcome": self.outcome, "workflow": self.workflow}
        if self.person is not None:
            values["person"] = str(self.person)
        return {name: value for name, value in values.items() if value}

    def apply(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Return those of ``entries`` that the filter lets through."""
        if self.person is not None:
            entries = entries.filter(actor_id=self.person)
        if self.outcome:
            entries = entries.filter(outcome=self.outcome)
        if self.workflow:
            entries = entries.filter(workflow_id=self.workflow)
        return entries


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its codes in words."""

    entry: AuditEntry

    @property
    def what(self) -> str:
        return sentences.what(self.entry)

    @property
    def outcome(self) -> str:
        return sentences.outcome(self.entry.outcome)

    @property
    def reason(self) -> str:
        return sentences.reason(self.entry.reason, self.entry.other_job_id)

    @property
    def tally(self) -> str:
        return sentences.tally(self.entry.counts or {})


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the log; ``newer_url`` and ``older_url`` are empty at its ends."""

    lines: list[Line]
    number: int
    newer_url: str
    older_url: str


def read(portal_id: int, chosen: Filter, page: str, path: str) -> Page:
    """Return a page of a portal's log, counted from 1; what is no page means the first.

    ``path`` is that of the screen: in the frame, links have to name it.
    One entry more than shown is read instead of counting all of them: a log only ever grows.
    """
    number = int(page) if page.isascii() and page.isdigit() and 0 < len(page) <= 7 else 1
    number = max(1, number)
    start = (number - 1) * PAGE_SIZE
    newest_first = chosen.apply(AuditEntry.objects.filter(portal_id=portal_id)).order_by("-pk")
    found = list(newest_first[start : start + PAGE_SIZE + 1])
    return Page(
        [Line(entry) for entry in found[:PAGE_SIZE]],
        number,
        _url(path, chosen, number - 1) if number > 1 else "",
        _url(path, chosen, number + 1) if len(found) > PAGE_SIZE else "",
    )


def people(portal_id: int) -> list[tuple[int, str]]:
    """Return who appears in a portal's log, by the newest name of each, in order of the names."""
    known = AuditEntry.objects.filter(portal_id=portal_id, actor_id__isnull=False)
    newest = known.order_by().values("actor_id").annotate(newest=Max("pk")).values("newest")
    named = AuditEntry.objects.filter(pk__in=newest).values_list("actor_id", "actor_name")
    return sorted(
        ((key, name or str(key)) for key, name in named if key is not None), key=lambda person: person[1]
    )


def _url(path: str, chosen: Filter, number: int) -> str:
    return f"{path}?" + urlencode({**chosen.query, "page": number})
