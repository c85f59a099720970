"""The failed workflows of a job by their reasons: how many, what the portal said, what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count

from bxapp.audit import sentences
from bxapp.terminations.screens import advice
from bxapp.terminations.states import Outcome

if TYPE_CHECKING:
    from bxapp.terminations.models import Job

# How many different words of the portal are quoted for one reason.
_QUOTED = 3


@dataclass(slots=True)
class Failure:
    """Workflows that failed with one reason; ``words`` are the portal's most frequent ones."""

    reason: str
    count: int = 0
    words: list[str] = field(default_factory=list)
    # How many more there are that are not quoted.
    other_words: int = 0

    @property
    def sentence(self) -> str:
        return sentences.reason(self.reason)

    @property
    def advice(self) -> str:
        return advice.about(self.reason)


def of_job(job: Job) -> list[Failure]:
    """Return the failures of a job, the most frequent reason first; one statement, or none without any."""
    if not job.failed:
        return []
    failed = job.items.filter(outcome=Outcome.FAILED).order_by()
    told = failed.values_list("reason", "portal_words").annotate(count=Count("pk"))
    by_reason: dict[str, Failure] = {}
    for reason, words, count in told.order_by("-count", "portal_words"):
        failure = by_reason.setdefault(reason, Failure(reason))
        failure.count += count
        if words and len(failure.words) < _QUOTED:
            failure.words.append(words)
        elif words:
            failure.other_words += 1
    return sorted(by_reason.values(), key=lambda failure: -failure.count)
