"""Calls that may still be at work when nobody waits for them any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bxapp.terminations.jobs import turns
from bxapp.terminations.states import ItemState

if TYPE_CHECKING:
    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"


def test_it_ends_by_itself_long_after_a_call_that_did_nothing(scene: Scene) -> None:
    """It was seen still there when the lost call was over: so that call has not stopped it."""
    workflow_id = scene.add(1)[0]
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=2)
    scene.sandbox.fault(kind="http500", method="bizproc.workflow.instances", skip=1, times=1)
    scene.work()
    scene.let_time_pass(timedelta(minutes=3))
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None
    turn.release()
    # Still there, three minutes after the call.
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", resume=1.0)
    scene.work()
    assert job.items.get().unheard_calls == 0
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)

    scene.finish(job)

    assert scene.items(job) == [("already_finished", "gone_before")]


def test_a_call_may_be_at_work_for_a_minute_more_by_another_workers_clock(scene: Scene) -> None:
    """The clock of whoever took over is a minute ahead of that of the worker that sent it."""
    workflow_id = scene.add(1)[0]
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=2)
    scene.sandbox.fault(kind="http500", method="bizproc.workflow.instances", skip=1, times=1)
    scene.work()
    seconds_in_truth, clocks_apart = 30, 59
    scene.let_time_pass(timedelta(seconds=seconds_in_truth + clocks_apart))
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", resume=1.0)
    scene.work()
    assert job.items.get().state != ItemState.DONE
    # The slow call comes to its end after all.
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "answer_lost")]
