"""The progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from django.utils import timezone
from tqdm import tqdm

from bxapp.audit.sentences import tally
from bxapp.terminations.command_line import closed_pipes
from bxapp.terminations.states import BlockedReason, JobState

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from bxapp.terminations.models import Job


class Progress:
    """A bar on a terminal, nothing where the output is none."""

    def __init__(self, total: int, output: TextIO) -> None:
        self._output = output
        self._bar: tqdm[Any] = tqdm(total=total, file=output, disable=None, unit=" workflows", leave=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def show(self, job: Job) -> None:
        """Show how far a job is, and what it waits for."""
        self._bar.n = job.ended
        self._bar.set_description_str(_doing(job), refresh=False)
        self._bar.set_postfix_str(tally(job.counts), refresh=False)
        self._bar.refresh()

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        try:
            self._bar.write(text, file=self._output)
        except BrokenPipeError:
            # The job is worth more than its words.
            closed_pipes.silence(self._output)


def _doing(job: Job) -> str:
    if job.blocked_reason == BlockedReason.PORTAL_LIMIT and job.not_before:
        return f"waiting for the portal until {timezone.localtime(job.not_before):%H:%M:%S} UTC"
    if job.blocked_reason:
        return "waiting for the portal"
    return {
        JobState.QUEUED: "queued",
        JobState.PAUSED: "paused",
        JobState.CANCELLING: "cancelling",
    }.get(JobState(job.state), "stopping")
