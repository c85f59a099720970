"""What is remembered of a portal between jobs: how much it bears, and how long a call takes there."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.bitrix.limits import Work

# A new value counts for a tenth, or for more as long as few calls are known: workflows differ.
_WEIGHT = 0.1
# More calls than these say nothing that they do not.
_MANY_CALLS = 1000


@dataclass(frozen=True, slots=True)
class PortalMemory:
    """All of it may be None: nothing is known yet. Durations are seconds.

    ``width``: requests at once; ``bears``: how many the portal serves at once, None while no queue was seen;
    ``patience_rounds``: quiet rounds before the next try upward; ``calls``: of how many the durations were
    told, 1,000 at most.
    """

    width: int | None = None
    bears: int | None = None
    patience_rounds: int | None = None
    seconds_per_command: float | None = None
    deviation_seconds: float = 0.0
    calls: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain values for a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> PortalMemory:
        """Return what was stored. Whatever does not fit is left out: it is only a memory."""
        known: Mapping[str, Any] = value if isinstance(value, dict) else {}
        whole = {"width", "bears", "patience_rounds", "calls"}
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
        """What a command takes at most, as far as one can tell: the mean and three deviations, and more as
        long as few are known.
        """
        if self.seconds_per_command is None:
            return None
        return spread(self.calls) * (self.seconds_per_command + 3 * self.deviation_seconds)

    def noise_of(self, commands: int) -> float:
        """Return by how much the work of a request may be misjudged: its first command is guessed."""
        return self.deviation_seconds * math.sqrt(1 + 1 / max(1, commands - 1))

    def with_work(self, commands: int, work: Work) -> PortalMemory:
        """Return the memory after a request with so many commands."""
        each, known = work.seconds / commands, self.seconds_per_command
        # What was stored before calls were counted is of many.
        calls = self.calls or (0 if known is None else _MANY_CALLS)
        # The first one's is not told, but guessed by the others.
        calls = min(calls + len(work.durations), _MANY_CALLS)
        if known is None:
            deviation = _deviation(work, each) if len(work.durations) > 1 else 0.0
            return replace(self, seconds_per_command=each, deviation_seconds=deviation, calls=calls)
        weight = max(_WEIGHT, len(work.durations) / calls)
        deviation = _deviation(work, known)
        return replace(
            self,
            seconds_per_command=known + weight * (each - known),
            deviation_seconds=self.deviation_seconds + weight * (deviation - self.deviation_seconds),
            calls=calls,
        )


def spread(calls: int | None) -> float:
    """Return by which factor other calls may be longer than the longest one of so many; None: of many.

    The longest of ``n`` that are equally likely to be of any length up to the longest there is, is shorter
    than that one by the factor 1 + 1/n in the middle; this is twice as careful.
    """
    return 1 + 2 / calls if calls else 1.0


def _deviation(work: Work, mean: float) -> float:
    squares = [(duration - mean) ** 2 for duration in work.durations]
    return math.sqrt(sum(squares) / len(squares))
