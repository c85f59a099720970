"""What one run showed, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from statistics import median
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


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under ``heads``; tables with the same heads are told as one."""

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def markdown(self) -> str:
        lines = [self.heads, ("---",) * len(self.heads), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def joined(tables: Sequence[Table]) -> list[Table]:
    """Return the tables with the rows of those that have the same heads put together, in their order."""
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for table in tables:
        found.setdefault(table.heads, []).extend(table.rows)
    return [Table(heads, rows) for heads, rows in found.items()]


DUEL_HEADS = (
    "load",
    "bound",
    "who",
    "time",
    "× bound",
    "× fast_bitrix24",
    "limit errors",
    "finished",
    "notes",
)
RIVAL = "fast_bitrix24"


def duel_table(load: str, bound_seconds: float, runs: Sequence[Run]) -> Table:
    """Return the rows of all runs of a load, beside the bound and the median of the rival that finished."""
    rival = [run.seconds for run in runs if run.who == RIVAL and run.is_complete and run.seconds]
    return Table(
        DUEL_HEADS,
        [
            (
                load,
                f"{bound_seconds:.1f} s",
                run.who,
                run.told_seconds,
                _ratio(run, bound_seconds),
                _ratio(run, median(rival)) if rival else "–",
                str(run.limit_errors),
                f"{run.finished:,} of {run.asked:,}",
                run.told_notes,
            )
            for run in runs
        ],
    )


def _ratio(run: Run, to_seconds: float) -> str:
    """How many times as long; of runs that are complete alone."""
    if not run.is_complete or run.share > 1 or run.seconds is None or to_seconds == 0:
        return "–"
    return f"{run.seconds / to_seconds:.2f}"
