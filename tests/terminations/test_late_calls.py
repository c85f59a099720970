"""Calls that may still be at work when nobody waits for them any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bxapp.terminations.jobs import turns
from bxapp.terminations.jobs.cancelling import cancel
from bxapp.terminations.models import Item
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
    scene.resume(workflow_id)
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
    scene.resume(workflow_id)
    scene.work()
    assert job.items.get().state != ItemState.DONE
    # The slow call comes to its end after all.
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "answer_lost")]


def test_a_ghost_says_that_the_lost_call_has_stopped_it(scene: Scene) -> None:
    """It resumed while a call was at work whose answer was lost; the job is cancelled before anyone asks."""
    (workflow_id,) = scene.add(1)
    job = scene.queue([workflow_id])
    Item.objects.update(module_id="crm", entity="CCrmDocumentDeal", document_id="DEAL_1", template_id=7)
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http500", method="bizproc.workflow.instances", skip=1, times=1)
    with scene.executed_during_calls():
        scene.work()
    assert scene.record(workflow_id)["ghost"]
    assert job.items.get().unheard_calls == 1
    cancel(scene.actor, job.pk)
    scene.let_time_pass(timedelta(minutes=3))
    scene.work()
    assert scene.items(job) == [("terminated", "answer_lost")]

    scene.let_time_pass(timedelta(seconds=30))
    scene.work()

    assert scene.items(job) == [("terminated", "came_back")]
    assert not scene.record(workflow_id)["in_list"]


def test_a_failure_is_not_told_while_the_last_call_may_be_at_work(scene: Scene) -> None:
    """A gateway gives up three times; PHP behind it stops the workflow after the third."""
    (workflow_id,) = scene.add(1)
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="http502", method=TERMINATE, times=3)
    while job.items.get().breaks < 3:
        scene.work()
        scene.let_time_pass(timedelta(seconds=31))
    scene.work()
    assert job.items.get().state == ItemState.UNSURE
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "answer_lost")]


def test_a_failure_is_told_when_the_last_call_is_over(scene: Scene) -> None:
    (workflow_id,) = scene.add(1)
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="http502", method=TERMINATE, times=3)

    scene.finish(job)

    assert scene.items(job) == [("failed", "breaks_portal")]
    assert scene.record(workflow_id)["in_list"]
