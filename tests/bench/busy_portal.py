"""A portal in which tens of thousands of workflows run, with its administrator at the screen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.bench import contest

if TYPE_CHECKING:
    from tests.bench.stage import Stage
    from tests.bench.watch import Watch
    from tests.control import Control
    from tests.visitor import Visitor

# One in so many hangs, as in portals that nobody tidies up.
_ONE_HUNG_IN = 20
_WORKFLOWS_OF_ONE_CALL = 5000
_LICENCE_WITHIN_SECONDS = 30.0


def administrator(stage: Stage, watch: Watch) -> Visitor:
    """Return the administrator of a portal without a limit of requests, which would be measured otherwise.

    It says so by its licence. The engine asks for that with its first job, so there is one here. Its workflow
    has ended by itself: so the job has nothing to look for afterwards, in the middle of what is measured.
    """
    visitor = contest.administrator(stage, 1)
    visitor.control.change_settings(edition="on_premise")
    only = visitor.control.add_workflows(1, age_seconds=1)
    rows = visitor.rows(only)
    visitor.control.end_workflow(only[0])
    visitor.terminate(rows, contest.MESSAGE)
    given_up_at = time.monotonic() + _LICENCE_WITHIN_SECONDS
    while not watch.ask("SELECT license FROM portals_portal"):
        assert time.monotonic() < given_up_at, "the portal was not asked for its licence"
        time.sleep(0.05)
    watch.await_looked_for_ghosts(_LICENCE_WITHIN_SECONDS)
    return visitor


def fill(control: Control, count: int) -> None:
    """Add ``count`` workflows of all templates, kinds, people and ages; two in five have a task."""
    while count > 0:
        number = min(_WORKFLOWS_OF_ONE_CALL, count)
        hung = number // _ONE_HUNG_IN
        control.add_workflows(number - hung)
        control.add_workflows(hung, behaviour="hung")
        count -= number
