"""What a run shall be: portals, jobs and blows, all drawn from a seed before anything begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.breaking.blows import Blow


@dataclass(frozen=True, slots=True)
class PortalPlan:
    """One portal of a run: how it behaves, and how many of which kind are there to be stopped."""

    place: int
    settings: Mapping[str, Any]
    kinds: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One confirmation. ``chosen`` are places among the portal's workflows; times are seconds of the run.

    ``clicks``: how often the button is pressed at once. ``cancelled_after``: seconds from the confirmation,
    or from the end of a pause.
    """

    number: int
    portal: int
    user_id: int
    chosen: tuple[int, ...]
    message: str
    at: float
    clicks: int = 1
    cancelled_after: float | None = None
    paused_after: float | None = None
    paused_for: float = 0.0
    # Whether another administrator's rights may be used when this one's are lost.
    lends_rights: bool = False
    # Whether they are chosen as everything that runs without the others, and not by their boxes.
    of_all: bool = False

    def __str__(self) -> str:
        told = [
            f"job {self.number}: user {self.user_id} stops {len(self.chosen)} in portal {self.portal}",
            f"with {self.message[:40]!r}",
        ]
        if self.clicks > 1:
            told.append(f"by {self.clicks} clicks")
        if self.paused_after is not None:
            told.append(f"paused after {self.paused_after:.1f} s for {self.paused_for:.1f} s")
        if self.cancelled_after is not None:
            told.append(f"cancelled after {self.cancelled_after:.1f} s")
        if self.lends_rights:
            told.append("by anybody's rights")
        if self.of_all:
            told.append("chosen from all")
        return ", ".join(told)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that shall happen in a run."""

    seed: int
    portals: tuple[PortalPlan, ...]
    jobs: tuple[JobPlan, ...]
    blows: tuple[Blow, ...] = field(default=())
    # Whether its portals limit execution time to little enough that a job reaches the limit.
    is_tight: bool = False

    def lines(self) -> list[str]:
        """Return the plan for a person."""
        told = [
            f"portal {one.place}: {', '.join(f'{count} {kind}' for kind, count in one.kinds.items())}; "
            f"{', '.join(f'{name}={value}' for name, value in one.settings.items())}"
            for one in self.portals
        ]
        told += [f"{job.at:5.1f} s  {job}" for job in self.jobs]
        told += [f"{blow.at:5.1f} s  {blow}" for blow in self.blows]
        return told
