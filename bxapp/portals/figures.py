"""How many portals and token pairs there are, for ``/metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric


class PortalFigures(Collector):
    """Counts by state; states that nobody is in are told as 0, so that a series never ends."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield _by_state("flowstop_portals", "Portals by state of their installation.", Portal)
        yield _by_state("flowstop_grants", "Token pairs of administrators by state.", AccessGrant)


def _by_state(name: str, meaning: str, model: type[Portal | AccessGrant]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=["state"])
    counted = dict(model.objects.values_list("state").annotate(Count("pk")))
    for state in model.State.values:
        family.add_metric([state], counted.get(state, 0))
    return family
