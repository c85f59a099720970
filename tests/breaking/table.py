"""The table of a campaign: what was broken in how many runs, and what was found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.breaking.campaign import RunResult

_VIOLATIONS = ("lost", "doubled", "wrong", "touched", "title", "audit", "stuck", "over the limit", "ended")


def table(results: Sequence[RunResult]) -> str:
    """Return the table as Markdown; a run with several faults counts in each of their lines."""
    lines = [
        f"| fault | runs | {' | '.join(_VIOLATIONS)} |",
        f"|---|{'---:|' * (1 + len(_VIOLATIONS))}",
    ]
    kinds = sorted({kind for result in results for kind in result.kinds})
    lines += [_line(kind, [result for result in results if kind in result.kinds]) for kind in kinds]
    lines.append(_line("all runs", results))
    outcomes = sum((result.outcomes for result in results), Counter[str]())
    numbers = (
        f"{sum(outcomes.values())} items, {sum(result.calls for result in results)} calls,"
        f" {sum(result.waiting for result in results)} jobs that wait and say for what,"
        f" {sum(result.seconds for result in results):.0f} s."
    )
    told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
    lines += ["", numbers, f"Outcomes: {told or 'none'}."]
    if failed := [str(result.seed) for result in results if not result.is_clean]:
        lines.append(f"Seeds to repeat with --runs 1 --seed N: {', '.join(failed)}")
    else:
        lines.append(f"Clean: {len(results)} runs.")
    return "\n".join(lines)


def _line(name: str, results: Sequence[RunResult]) -> str:
    found = Counter(violation.kind for result in results for violation in result.violations)
    return f"| {name} | {len(results)} | {' | '.join(str(found[kind]) for kind in _VIOLATIONS)} |"
