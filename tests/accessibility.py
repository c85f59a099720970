"""What axe-core finds in a page of a real browser: rules of WCAG 2.2 A and AA, and best practices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Frame

[AXE] = (Path(__file__).parent / "vendor").glob("axe-core-*/axe.min.js")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_RUN = """
(standards) => axe.run(document, {
  runOnly: { type: "tag", values: standards },
  resultTypes: ["violations"],
  // Off unless asked for: the size of what a finger must hit, WCAG 2.2's own rule.
  rules: { "target-size": { enabled: true } },
})
"""


def violations(frame: Frame) -> list[str]:
    """Return one line for each element of ``frame`` that breaks a rule; the empty list is what is wanted.

    The script is put in by the browser's debugger: no content policy is loosened for it.
    """
    if not frame.evaluate("'axe' in globalThis"):
        frame.evaluate(AXE.read_text())
    told: dict[str, Any] = frame.evaluate(_RUN, STANDARDS)
    # A page on which no rule applied was not looked at.
    assert told["testEngine"]["name"] == "axe-core"
    return [_line(rule, node) for rule in told["violations"] for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    # A contrast is told with its figures.
    why = node["any"][0]["message"] if node["any"] else rule["help"]
    return f"{rule['id']}: {node['html'][:160]} ({why})"
