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

    def noise_of(self, commands: int) -> float:
        """Return by how much the work of a request may be misjudged: its first command is guessed."""
        return self.deviation_seconds * math.sqrt(1 + 1 / max(1, commands - 1))

    def with_work(self, commands: int, work: float) -> PortalMemory:
        """Return the memory after a request with so many commands that worked so many seconds."""
        each, known = work / commands, self.seconds_per_command
        if known is None:
            return replace(self, seconds_per_command=each)
        # The mean of a request differs less from the others than single commands do.
        off = abs(each - known) * math.sqrt(commands)
        return replace(
            self,
            seconds_per_command=known + _WEIGHT * (each - known),
            deviation_seconds=self.deviation_seconds + _WEIGHT * (off - self.deviation_seconds),
        )
