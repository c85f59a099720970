"""A job that a person holds: what is under way ends and is recorded, and nothing new is begun."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.terminations.engine import blocking, claiming
from bxapp.terminations.jobs import turns
from bxapp.terminations.jobs.cancelling import cancel
from bxapp.terminations.jobs.pausing import go_on, pause
from bxapp.terminations.models import Job
from bxapp.terminations.states import BlockedReason, ItemState, JobState
from tests.terminations.scene import text_of

if TYPE_CHECKING:
    from django.test import Client

    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
INSTANCES = "bizproc.workflow.instances"


def test_paused_before_it_began(scene: Scene) -> None:
    ids = scene.add(3)
    job = scene.queue(ids)

    pause(scene.actor, job.pk)
    scene.work()

    job.refresh_from_db()
    assert job.state == JobState.PAUSED
    assert not scene.is_due()
    assert [record["terminate_calls"] for record in scene.records(ids)] == [0] * 3
    go_on(scene.actor, job.pk)
    assert Job.objects.get(pk=job.pk).state == JobState.QUEUED
    assert scene.items(scene.finish(job)) == [("terminated", "")] * 3


def test_paused_in_the_middle(scene: Scene) -> None:
    scene.sandbox.settings(terminate_seconds=0.01)
    ids = scene.add(120)
    job = scene.queue(ids)

    with scene.meanwhile(lambda: pause(scene.actor, job.pk), hold=True):
        scene.work()

    job.refresh_from_db()
    stopped = [record["id"] for record in scene.records(ids) if record["terminate_calls"]]
    assert job.state == JobState.PAUSED
    assert 0 < job.terminated == len(stopped) < 120
    assert not job.items.filter(state__in=[ItemState.SENT, ItemState.UNSURE]).exists()
    go_on(scene.actor, job.pk)
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING
    assert scene.items(scene.finish(job)) == [("terminated", "")] * 120
    assert {record["terminate_calls"] for record in scene.records(ids)} == {1}


def test_a_paused_job_hears_what_its_last_call_did(scene: Scene) -> None:
    stopped, job = scene.add(1), None
    job = scene.queue(stopped)
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http502", method=INSTANCES, skip=1, times=1)
    scene.work()
    pause(scene.actor, job.pk)

    scene.let_time_pass(timedelta(seconds=20))
    scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "answer_lost")]
    assert job.state == JobState.FINISHED, "nothing was left to go on with"


def test_what_is_still_there_waits_until_the_job_goes_on(scene: Scene) -> None:
    workflow_id = scene.add(1)[0]
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http502", method=INSTANCES, skip=1, times=1)
    scene.work()
    pause(scene.actor, job.pk)

    scene.let_time_pass()
    scene.work()
    scene.let_time_pass()
    scene.work()

    job.refresh_from_db()
    assert (job.state, job.items.get().state) == (JobState.PAUSED, ItemState.QUEUED)
    assert scene.record(workflow_id)["terminate_calls"] == 0
    go_on(scene.actor, job.pk)
    assert scene.items(scene.finish(job)) == [("terminated", "")]


def test_a_portal_that_stays_silent_ends_only_what_was_under_way(scene: Scene) -> None:
    job = scene.queue(scene.add(3))
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None
    blocking.answered(turn, job)
    claiming.claim(turn, job, [claiming.due_queued(job, timezone.now(), 1)])
    pause(scene.actor, job.pk)
    scene.sandbox.fault(kind="http502", method=INSTANCES)

    for _ in range(3):
        scene.let_time_pass(timedelta(hours=13))
        scene.work()

    job.refresh_from_db()
    assert job.state == JobState.PAUSED
    assert scene.items(job) == [("failed", "never_heard"), ("", ""), ("", "")]


def test_the_time_of_a_pause_is_not_the_portals_silence(scene: Scene) -> None:
    """Calls meet a closed portal on a Friday, and again as soon as the job goes on after the weekend."""
    job = scene.queue(scene.add(3))
    scene.sandbox.fault(kind="portal_deleted", method=TERMINATE, times=2)
    scene.work()
    pause(scene.actor, job.pk)
    scene.let_time_pass(timedelta(days=3))
    scene.work()
    go_on(scene.actor, job.pk)

    scene.work()

    assert scene.items(job) == [("", "")] * 3
    assert scene.items(scene.finish(job)) == [("terminated", "")] * 3


def test_a_limit_before_a_pause_and_an_unanswered_look_after_it(scene: Scene) -> None:
    job = scene.queue(scene.add(3))
    scene.sandbox.fault(kind="limit", method=TERMINATE, times=1)
    scene.work()
    pause(scene.actor, job.pk)
    scene.let_time_pass(timedelta(days=3))
    go_on(scene.actor, job.pk)
    scene.sandbox.fault(kind="http502", method=INSTANCES, times=1)

    scene.work()

    assert scene.items(job) == [("", "")] * 3
    assert scene.items(scene.finish(job)) == [("terminated", "")] * 3


def test_a_paused_job_may_be_cancelled(scene: Scene) -> None:
    job = scene.queue(scene.add(2))
    pause(scene.actor, job.pk)

    cancel(scene.actor, job.pk)

    job.refresh_from_db()
    assert job.state == JobState.FINISHED
    assert scene.items(job) == [("cancelled", "cancelled_by_person")] * 2


def test_pausing_and_going_on_are_written_down_once(scene: Scene) -> None:
    job = scene.queue(scene.add(2))

    for click in (pause, pause, go_on, go_on):
        click(scene.actor, job.pk)

    paused, resumed = (
        scene.audited(job, kind) for kind in (AuditEntry.Kind.JOB_PAUSED, AuditEntry.Kind.JOB_RESUMED)
    )
    assert [(entry.actor_id, entry.actor_name, entry.count) for entry in (*paused, *resumed)] == [
        (1, scene.actor.name, 2)
    ] * 2


@pytest.mark.parametrize("reason", [BlockedReason.PORTAL_LIMIT, BlockedReason.OPEN_AGAIN])
def test_what_a_job_waits_for_outlasts_the_pause(scene: Scene, reason: BlockedReason) -> None:
    job = scene.queue(scene.add(1))
    later = timezone.now() + timedelta(hours=1)
    Job.objects.update(state=JobState.BLOCKED, blocked_reason=reason, not_before=later, blocked_at=later)

    pause(scene.actor, job.pk)
    go_on(scene.actor, job.pk)

    job.refresh_from_db()
    assert (job.state, job.blocked_reason, job.not_before) == (JobState.BLOCKED, reason, later)


def test_going_on_tries_a_silent_portal_at_once(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    scene.sandbox.fault(kind="http502", method=INSTANCES, times=3)
    for _ in range(3):
        scene.work()
        Job.objects.filter(not_before__isnull=False).update(not_before=timezone.now())
    job.refresh_from_db()
    assert job.blocked_reason == BlockedReason.PORTAL_SILENT
    pause(scene.actor, job.pk)

    go_on(scene.actor, job.pk)

    assert scene.is_due()
    assert scene.items(scene.finish(job)) == [("terminated", "")]


def test_a_person_whose_rights_are_back_does_not_end_the_pause(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    scene.sandbox.control("POST", "/portals/1/tokens/revoke")
    scene.work()
    pause(scene.actor, job.pk)

    scene.open_again()

    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.PAUSED, BlockedReason.NONE)


def test_another_portals_job_is_out_of_reach(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(1))
    scene.as_another_portals(job)

    for click in (pause, go_on):
        with pytest.raises(Job.DoesNotExist):
            click(scene.actor, job.pk)
    assert frame.post(f"/jobs/{job.pk}/pause/").status_code == 404
    assert frame.post(f"/jobs/{job.pk}/go-on/").status_code == 404


def test_the_buttons_of_a_job(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(1))
    assert ">Pause</button>" in text_of(frame.get(f"/jobs/{job.pk}/"))

    answer = frame.post(f"/jobs/{job.pk}/pause/")

    page = text_of(frame.get(answer["Location"]))
    assert (answer.status_code, answer["Location"]) == (303, f"/jobs/{job.pk}/")
    assert ">Go on</button>" in page
    assert ">Pause</button>" not in page
    assert "· paused" in page
    answer = frame.post(f"/jobs/{job.pk}/go-on/")
    assert ">Pause</button>" in text_of(frame.get(answer["Location"]))
