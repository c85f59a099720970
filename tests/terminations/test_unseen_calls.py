"""A call without an answer that nobody could look after any more: that it did nothing is not said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bxapp.portals import lifecycle
from bxapp.terminations.jobs.cancelling import cancel
from bxapp.terminations.jobs.pausing import pause
from bxapp.terminations.states import ItemState

if TYPE_CHECKING:
    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
INSTANCES = "bizproc.workflow.instances"
NEVER_HEARD = ("failed", "never_heard")


def called_in_vain(scene: Scene) -> Job:
    """Return a job of one workflow whose calls were cut; a moment later a look showed it still there.

    It is queued again, and the portal may still be at work on a call.
    """
    job = scene.queue(scene.add(1))
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=2)
    scene.work()
    item = job.items.get()
    assert (item.state, item.unheard_calls) == (ItemState.QUEUED, 2)
    return job


def stop_late(scene: Scene, job: Job) -> None:
    """Let the call do its work after its answer was given up."""
    scene.sandbox.control("POST", f"/portals/1/workflows/{job.items.get().workflow_id}", end=0)


def show_still_there(scene: Scene, job: Job) -> None:
    """Let a look show it when every call is over; it is busy then, so that it is not called for again."""
    scene.let_time_pass(timedelta(minutes=3))
    scene.sandbox.control("POST", f"/portals/1/workflows/{job.items.get().workflow_id}", resume=60.0)
    scene.work()
    assert job.items.get().state == ItemState.QUEUED


def vanish_for_a_day(scene: Scene) -> None:
    scene.sandbox.fault(kind="http502")
    scene.work()
    scene.let_time_pass(timedelta(hours=25))
    scene.work()


def test_the_portal_vanishes(scene: Scene) -> None:
    job = called_in_vain(scene)
    stop_late(scene, job)
    scene.let_time_pass(timedelta(seconds=20))

    vanish_for_a_day(scene)

    assert scene.items(job) == [NEVER_HEARD]
    assert [entry.reason for entry in scene.audited(job)] == ["never_heard"]


def test_the_portal_vanishes_after_a_look(scene: Scene) -> None:
    job = called_in_vain(scene)
    show_still_there(scene, job)
    scene.let_time_pass(timedelta(seconds=20))

    vanish_for_a_day(scene)

    assert scene.items(job) == [("failed", "unreachable")]


def test_a_paused_jobs_application_is_removed(scene: Scene) -> None:
    job = called_in_vain(scene)
    pause(scene.actor, job.pk)
    stop_late(scene, job)
    scene.let_time_pass(timedelta(minutes=3))

    lifecycle.uninstall(scene.actor.portal.pk)
    scene.work()

    assert scene.items(job) == [NEVER_HEARD]


def test_the_application_is_removed_after_a_look(scene: Scene) -> None:
    job = called_in_vain(scene)
    show_still_there(scene, job)

    lifecycle.uninstall(scene.actor.portal.pk)
    scene.work()

    assert scene.items(job) == [("cancelled", "uninstalled")]


def test_a_cancelled_jobs_portal_vanishes(scene: Scene) -> None:
    job = called_in_vain(scene)
    cancel(scene.actor, job.pk)
    assert scene.items(job) == [("", "")]
    stop_late(scene, job)
    scene.let_time_pass(timedelta(seconds=20))

    vanish_for_a_day(scene)

    assert scene.items(job) == [NEVER_HEARD]


def test_a_job_is_cancelled_after_a_long_pause(scene: Scene) -> None:
    """A question went wrong before the pause, and another one does three days later: no day of silence."""
    job = called_in_vain(scene)
    scene.sandbox.fault(kind="http502", method=INSTANCES, times=2)
    scene.let_time_pass(timedelta(seconds=20))
    scene.work()
    pause(scene.actor, job.pk)
    scene.let_time_pass(timedelta(days=3))

    cancel(scene.actor, job.pk)
    scene.work()

    assert scene.items(job) == [("", "")]
    assert scene.items(scene.finish(job)) == [("cancelled", "cancelled_by_person")]
