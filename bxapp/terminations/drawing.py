"""The state machines of ``states.py`` as a page of the documentation, with diagrams in Mermaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.terminations import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEAD = """# States of jobs and items

Drawn by `manage.py draw_states` from `bxapp/terminations/states.py`; do not edit. The database refuses every
other transition (`bxapp/terminations/guards.py`). What outcomes and reasons promise: [jobs.md](jobs.md).
"""


def page() -> str:
    """Return the whole of ``docs/states.md``."""
    parts = [
        _HEAD,
        "## A job\n",
        _diagram(states.FIRST_JOB_STATE, states.JOB_TRANSITIONS),
        _meanings(states.JOB_MEANINGS),
        "## An item: one workflow of a job\n",
        _diagram(states.FIRST_ITEM_STATE, states.ITEM_TRANSITIONS),
        _meanings(states.ITEM_MEANINGS),
        "## Outcomes\n",
        "An outcome stays as it is, but for what a look afterwards may find:\n",
        "\n".join(_amendments()) + "\n",
    ]
    return "\n".join(parts)


def _diagram(first: states.State, transitions: states.Transitions[states.State]) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for before, following in transitions.items():
        # A semicolon would end the statement.
        lines += [f"    {before} --> {after}: {why.replace(';', ',')}" for after, why in following.items()]
        if not following:
            lines.append(f"    {before} --> [*]")
    return "\n".join([*lines, "```", ""])


def _meanings(meanings: Mapping[states.JobState, str] | Mapping[states.ItemState, str]) -> str:
    rows = [f"| `{state}` | {meaning} |" for state, meaning in meanings.items()]
    return "\n".join(["| state | means |", "|---|---|", *rows, ""])


def _amendments() -> Iterator[str]:
    for before, amended in states.AMENDMENTS.items():
        for outcome, reason in sorted(amended):
            yield f"- `{before}` may become `{outcome}` with the reason `{reason}`"
