"""A job's workflows as CSV: read a part at a time, written for a spreadsheet, harmless when opened in one.

What spreadsheets need decides the form. Excel takes a file for UTF-8 only when it begins with a byte order
mark, expects a semicolon where the decimal sign is a comma, and reads dates without a zone; so the zone, the
reader's own, stands in the head. A cell that would begin a formula gets an apostrophe (OWASP, "CSV
Injection"): names and messages come from people who may wish the reader ill.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from django.utils import timezone, translation
from django.utils.formats import get_format
from django.utils.translation import gettext, pgettext

from bxapp.audit import sentences
from bxapp.terminations.states import Outcome
from bxapp.workflows.documents import describe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from bxapp.terminations.models import Item, Job

PART = 1000
CONTENT_TYPE = "text/csv; charset=utf-8"
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
# Also as they stand in full width, which some spreadsheets read the same way.
_BEGINS_FORMULA = tuple(
    "=+-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
    "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)


def file_name(job: Job) -> str:
    return f"flowstop-job-{job.pk}.csv"


def lines(job: Job) -> Iterator[bytes]:
    """Return the file in parts of up to PART workflows, in the reader's present language and time zone.

    Language and zone are those of the moment of the call: by the time the parts are sent, the request that
    set them is over.
    """
    return _lines(job, translation.get_language() or "en", timezone.get_current_timezone())


def _lines(job: Job, language: str, zone: tzinfo) -> Iterator[bytes]:
    with translation.override(language), timezone.override(zone):
        delimiter = ";" if get_format("DECIMAL_SEPARATOR") == "," else ","
        yield (_MARK + _written([_head(zone)], delimiter)).encode()
    position = -1
    while items := _part(job, position):
        with translation.override(language), timezone.override(zone):
            yield _written([_row(item) for item in items], delimiter).encode()
        position = items[-1].position


def _part(job: Job, after: int) -> list[Item]:
    """Return the next items. By keyset: a cursor would hold a transaction for the whole download."""
    return list(job.items.filter(position__gt=after).order_by("position")[:PART])


def _written(rows: list[list[str]], delimiter: str) -> str:
    text = StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([[_harmless(cell) for cell in row] for row in rows])
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_BEGINS_FORMULA) else cell


def _head(zone: tzinfo) -> list[str]:
    return [
        gettext("Workflow ID"),
        gettext("Document"),
        gettext("Template"),
        gettext("Started (%(zone)s)") % {"zone": zone},
        gettext("Started by"),
        gettext("Outcome"),
        gettext("Reason"),
        gettext("The portal's words"),
        gettext("Message sent"),
        gettext("Finished at (%(zone)s)") % {"zone": zone},
    ]


def _row(item: Item) -> list[str]:
    document = describe(item.module_id, item.entity, item.document_id, name=item.document_name)
    return [
        item.workflow_id,
        document.label,
        item.template_name or _number(item.template_id),
        _moment(item.workflow_started_at),
        item.started_by_name or _number(item.started_by_id),
        sentences.outcome(item.outcome) if item.outcome else pgettext("workflow", "waiting"),
        sentences.reason(item.reason, item.other_job_id),
        item.portal_words,
        # Of one whose turn never came nothing was sent.
        item.message if item.outcome not in _NOTHING_SENT else "",
        _moment(item.finished_at),
    ]


_NOTHING_SENT = ("", Outcome.ALREADY_FINISHED, Outcome.CANCELLED)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _moment(value: datetime | None) -> str:
    return "" if value is None else f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
