"""What went wrong in the command itself, in a sentence that says what is the case all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.redaction import redacted

if TYPE_CHECKING:
    from bxapp.terminations.models import Job


def sentence(error: Exception, job: Job | None, *, may_be_queued: bool) -> str:
    """Return what an operator should read. ``job``: the one that was being followed; without one,
    ``may_be_queued`` says whether it was about to be written."""
    words = redacted(str(error))
    what = f"Something went wrong here: {type(error).__name__}{f' ({words})' if words else ''}."
    return f"{what} {_what_is_the_case(job, may_be_queued=may_be_queued)}"


def _what_is_the_case(job: Job | None, *, may_be_queued: bool) -> str:
    if job is not None:
        return f"Job {job.pk} is queued: a worker goes on with what is left; its page in Flowstop shows it."
    if may_be_queued:
        return (
            "Look into the list of jobs in Flowstop, whether one was queued, before you repeat the command."
        )
    return "Nothing was queued."
