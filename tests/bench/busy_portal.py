"""A portal in which tens of thousands of workflows run, with its administrator at the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import contest

if TYPE_CHECKING:
    from tests.bench.stage import Stage
    from tests.control import Control
    from tests.visitor import Visitor

# One in so many hangs, as in portals that nobody tidies up.
_ONE_HUNG_IN = 20
_WORKFLOWS_OF_ONE_CALL = 5000


def administrator(stage: Stage) -> Visitor:
    """Return the administrator of a portal without a limit of requests, which would be measured otherwise.

    It says so by its licence.
    """
    return contest.administrator(stage, 1, edition="on_premise")


def fill(control: Control, count: int) -> None:
    """Add ``count`` workflows of all templates, kinds, people and ages; two in five have a task."""
    while count > 0:
        number = min(_WORKFLOWS_OF_ONE_CALL, count)
        hung = number // _ONE_HUNG_IN
        control.add_workflows(number - hung)
        control.add_workflows(hung, behaviour="hung")
        count -= number
