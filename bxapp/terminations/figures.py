"""How many jobs and workflows there are in which state, for ``/metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Sum
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import ItemState, JobState, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client import Metric


class TerminationFigures(Collector):
    """Counts of everything that is stored; what there is none of is told as 0, so that a series never ends.

    Ended workflows are summed from the jobs' counters, open ones counted by an index of their jobs: neither
    reads the rows of finished jobs.
    """

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        jobs = dict(Job.objects.values_list("state").annotate(Count("pk")))
        yield _gauge("flowstop_jobs", "Jobs by state.", "state", JobState.values, jobs)
        ended = Job.objects.aggregate(**{outcome: Sum(outcome) for outcome in Outcome.values})
        yield _gauge(
            "flowstop_items",
            "Workflows that have ended in a job, by outcome.",
            "outcome",
            Outcome.values,
            ended,
        )
        open_jobs = Job.objects.exclude(state=JobState.FINISHED).values("pk")
        open_states = [state for state in ItemState.values if state != ItemState.DONE]
        waiting = Item.objects.filter(job__in=open_jobs, state__in=open_states).order_by()
        yield _gauge(
            "flowstop_open_items",
            "Workflows of jobs that have no outcome yet, by state.",
            "state",
            open_states,
            dict(waiting.values_list("state").annotate(Count("pk"))),
        )


def _gauge(
    name: str, meaning: str, label: str, values: Iterable[str], counted: Mapping[str, int | None]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value in values:
        family.add_metric([value], counted.get(value) or 0)
    return family
