"""A run told for a person: what was planned, what happened when, and what became of whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.breaking.battle import Battle
    from tests.breaking.judging import Findings, Violation
    from tests.breaking.waiting import Rest

_TOLD_AT_MOST = 8


def tell(battle: Battle, findings: Findings, rest: Rest) -> str:
    """Return the story of a run, with what happened to each workflow that something is wrong with."""
    lines = ["The plan:", *(f"  {line}" for line in battle.plan.lines()), "What happened:"]
    lines += [f"  {at - battle.began_at:7.2f} s  {text}" for at, text in battle.log]
    lines.append(f"At rest {rest.seconds:.0f} s after everything was mended.")
    lines += [f"  job {job_id} waits: {told}" for job_id, told in rest.waiting.items()]
    for job in findings.ledger.jobs.values():
        counts = ", ".join(f"{number} {name}" for name, number in job.counts.items() if number)
        lines.append(f"  job {job.id}, user {job.user_id}, {job.state}: {counts or 'nothing'} of {job.total}")
    if findings.violations:
        lines.append("What is wrong:")
        lines += [f"  {one}" for one in findings.violations[: 3 * _TOLD_AT_MOST]]
        if surplus := len(findings.violations) - 3 * _TOLD_AT_MOST:
            lines += [f"  … and {surplus} more"] if surplus > 0 else []
        lines += _lives(battle, findings, findings.violations)
    return "\n".join(lines)


def _lives(battle: Battle, findings: Findings, violations: Sequence[Violation]) -> list[str]:
    """Tell the lives of the first workflows that a violation names, moment by moment."""
    lines: list[str] = []
    for one in list(dict.fromkeys(found.workflow_id for found in violations if found.workflow_id))[
        :_TOLD_AT_MOST
    ]:
        seen = findings.evidence.get(one)
        lines.append(f"{one}:")
        moments: list[tuple[float, str]] = []
        if seen is not None:
            ended = f"{seen.ended_how} by {seen.ended_by}" if seen.ended_how else "not ended"
            lines.append(f"  {seen.behaviour}, {ended}, {'listed' if seen.in_list else 'not listed'}")
            moments += [
                (call.at, f"portal: {call}, done {call.done_at - call.at:.2f} s on") for call in seen.calls
            ]
            if seen.ended_at is not None:
                moments.append((seen.ended_at, f"portal: ended by {seen.ended_how}"))
        for item in (item for item in findings.ledger.every_item if item.workflow_id == one):
            if item.sent_at is not None:
                moments.append((item.sent_at, f"job {item.job_id}: sent (the last time)"))
            moments.append((item.finished_at or 0.0, f"job {item.job_id}: {item.told}"))
        for entries in findings.ledger.entries.values():
            moments += [
                (entry.at, f"audit log, job {entry.job_id}: {entry.kind} {entry.outcome} {entry.reason}")
                for entry in entries
                if entry.workflow_id == one
            ]
        lines += [f"  {at - battle.began_at:7.2f} s  {text}" for at, text in sorted(moments)]
    return lines
