"""What one run showed, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMIT_CODES = ("QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT")
SLOW_CLICK_SECONDS = 0.5


def limit_errors(record: Mapping[str, Any]) -> int:
    """Return how many requests and commands the sandbox refused with 503 or 429, by its own record."""
    return sum(
        int(record[part].get(code, 0)) for part in ("errors", "command_errors") for code in LIMIT_CODES
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of them do not exceed (nearest rank); NaN when there are none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)] if ordered else float("nan")


@dataclass(frozen=True, slots=True)
class Run:
    """One contestant on one load. ``seconds`` None: not at its end within the time limit.

    ``share``: it got one in so many workflows only. ``error``: the exception with which a peer gave up.
    """

    who: str
    seconds: float | None
    asked: int
    finished: int
    limit_errors: int
    share: int = 1
    error: str = ""
    clicks: Sequence[float] = ()
    notes: Sequence[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return self.seconds is not None and self.finished == self.asked

    @property
    def told_seconds(self) -> str:
        """Its time; of a part only, multiplied (at least so long: a bucket's burst is free only once)."""
        if self.seconds is None:
            return "unfinished"
        if self.share > 1:
            return f"≥ {self.seconds * self.share:,.0f} s"
        return f"{self.seconds:,.2f} s" if self.is_complete else f"({self.seconds:,.2f} s)"

    @property
    def told_notes(self) -> str:
        parts = [f"gave up: {self.error}"] if self.error else []
        if self.share > 1:
            parts.append(f"1/{self.share} measured: {self.seconds or 0:.1f} s")
        if self.clicks:
            in_time = sum(seconds < SLOW_CLICK_SECONDS for seconds in self.clicks) / len(self.clicks)
            parts.append(
                f"clicks: {len(self.clicks)}, {in_time:.1%} < {SLOW_CLICK_SECONDS} s,"
                f" longest {max(self.clicks):.2f} s"
            )
        return "; ".join([*parts, *self.notes])


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
