"""What came of a job: sentences and an exit code for people, JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bxapp.audit import sentences
from bxapp.terminations.command_line.exit_codes import ExitCode
from bxapp.terminations.command_line.following import waits_for_person
from bxapp.terminations.command_line.listing import printable
from bxapp.terminations.states import JobState, Outcome
from bxapp.workflows.documents import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bxapp.terminations.models import Item, Job

_NAMED_FAILURES = 20


def exit_code(job: Job, *, interrupted: bool) -> ExitCode:
    """Return the exit code of a job that was followed to its end, or as far as it goes by itself."""
    if interrupted:
        return ExitCode.INTERRUPTED
    if job.is_open:
        return ExitCode.WAITS
    if job.failed:
        return ExitCode.FAILED
    return ExitCode.CANCELLED if job.cancelled else ExitCode.DONE


def summary(job: Job) -> Iterator[str]:
    """Return the lines that say how it ended, what failed and why."""
    yield f"Job {job.pk}: {sentences.tally(job.counts) or 'nothing has ended yet'}."
    if waits_for_person(job):
        if job.state == JobState.PAUSED:
            yield "Somebody has paused it; it goes on when somebody lets it go on in Flowstop."
        if job.blocked_reason:
            yield sentences.reason(job.blocked_reason)
        if job.portal_words:
            yield f"The portal says: {printable(job.portal_words, 300)}"
        yield f"{job.total - job.ended} of {job.total} stay queued."
    failed = job.items.filter(outcome=Outcome.FAILED).order_by("position")
    for item in failed[:_NAMED_FAILURES]:
        words = f" ({printable(item.portal_words, 200)})" if item.portal_words else ""
        why = f"{sentences.reason(item.reason)}{words}"
        yield f"  {item.workflow_id}  {printable(_document(item), 60)}  {why}"
    if job.failed > _NAMED_FAILURES:
        yield f"  … and {job.failed - _NAMED_FAILURES} more that failed; --json names all."


def as_json(job: Job) -> str:
    """Return the whole job as one JSON object."""
    return json.dumps(
        {
            "job": job.pk,
            "portal": job.portal.domain,
            "message": job.message,
            "state": job.state,
            "waits_for": job.blocked_reason or None,
            "counts": job.counts,
            "items": [_item(item) for item in job.items.order_by("position").iterator()],
        }
    )


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.workflow_id,
        "outcome": item.outcome or None,
        "reason": item.reason,
        "portal_words": item.portal_words,
        "document": _document(item),
        "template": item.template_name,
    }


def _document(item: Item) -> str:
    return describe(item.module_id, item.entity, item.document_id, name=item.document_name).label
