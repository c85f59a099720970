"""What is remembered of a portal between jobs: how much it bears, and how long a call takes there."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# A new value counts for a tenth: durations differ from workflow to workflow.
_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class PortalMemory:
    """All of it may be None: nothing is known yet. Durations are seconds.

    ``width``: requests at once; ``bears``: how many the portal serves at once, None while no queue was seen;
    ``patience_rounds``: quiet rounds before the next try upward.
    """

    width: int | None = None
    bears: int | None = None
    patience_rounds: int | None = None
    seconds_per_command: float | None = None
    deviation_seconds: float = 0.0
    baseline_seconds: float | None = None
    # The shortest single call, network included: with the time of a command it gives the baseline.
    single_seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain values for a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> PortalMemory:
        """Return what was stored. Whatever does not fit is left out: it is only a memory."""
        known: Mapping[str, Any] = value if isinstance(value, dict) else {}
        whole = {"width", "bears", "patience_rounds"}
        kept: dict[str, Any] = {}
        for field in fields(cls):
            stored = known.get(field.name)
            if isinstance(stored, bool) or not isinstance(stored, int | float) or not math.isfinite(stored):
                continue
            if field.name in whole and isinstance(stored, int) and stored >= 1:
                kept[field.name] = stored
            elif field.name not in whole and stored >= 0:
                kept[field.name] = float(stored)
        return cls(**kept)

    @property
    def most_seconds_per_command(self) -> float | None:
        """What a command takes at most, as far as one can tell: the mean and three deviations."""
        if self.seconds_per_command is None:
            return None
        return self.seconds_per_command + 3 * self.deviation_seconds

    def with_request(self, commands: int, elapsed: float, work: float | None) -> PortalMemory:
        """Return the memory after one more answered request."""
        if work is None:
            return self._with_unknown_work(commands, elapsed)
        each = min(work, elapsed) / commands
        mean = self.seconds_per_command
        if mean is None or self.baseline_seconds is None:
            # Until now only the network and the work together were known.
            mean, deviation = each, 0.0
        else:
            deviation = (1 - _WEIGHT) * self.deviation_seconds + _WEIGHT * abs(each - mean)
            mean = (1 - _WEIGHT) * mean + _WEIGHT * each
        candidates = [max(0.0, elapsed - work)]
        if self.single_seconds is not None:
            candidates.append(max(0.0, self.single_seconds - each))
        if self.baseline_seconds is not None:
            # It rises again slowly: a route may become longer for good.
            candidates.append(self.baseline_seconds * 1.01)
        return replace(
            self,
            seconds_per_command=mean,
            deviation_seconds=deviation,
            baseline_seconds=min(candidates),
            single_seconds=None,
        )

    def _with_unknown_work(self, commands: int, elapsed: float) -> PortalMemory:
        if self.baseline_seconds is not None:
            return self
        each = elapsed / commands
        shortest = each if self.single_seconds is None else min(each, self.single_seconds)
        return replace(self, seconds_per_command=shortest, single_seconds=shortest)
