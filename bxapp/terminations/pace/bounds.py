"""The least time that a portal's limit of execution time leaves for so many workflows.

A job may begin fast and stop for minutes when the portal's budget (480 seconds of work in ten minutes) is
used up. Its present rate alone would promise too much; what a call takes there is remembered between jobs.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from bxapp.bitrix.methods import is_on_premise
from bxapp.bitrix.methods.terminating import METHOD
from bxapp.portals.limits import budget_of
from bxapp.terminations.models import Pace
from bxapp.terminations.pace.portal_memory import PortalMemory

if TYPE_CHECKING:
    from bxapp.portals.models import Portal


class Bound:
    """Of one portal; asks the database once, when it is first needed."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def seconds(self, count: int) -> float:
        """Return how long ``count`` workflows take at least; 0.0 where no limit is known to matter."""
        each = self._seconds_per_command
        rule = budget_of(self._portal, METHOD).rule
        if each is None or rule is None:
            return 0.0
        # One budget may be there now; of the others each needs its window.
        return max(0.0, count * each - rule.limit) * rule.window / rule.limit

    @cached_property
    def _seconds_per_command(self) -> float | None:
        if is_on_premise(self._portal.license):
            return None
        stored = Pace.objects.filter(portal=self._portal).values_list("memory", flat=True).first()
        return PortalMemory.from_json(stored).seconds_per_command
