"""Jobs beside each other, cancelled, confirmed twice, or of an installation that has ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from bxapp.audit.models import AuditEntry
from bxapp.portals import lifecycle
from bxapp.terminations.jobs.cancelling import cancel
from bxapp.terminations.jobs.messages import MessageProblemError
from bxapp.terminations.jobs.queueing import NothingSelectedError, queue
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import ItemState, JobState
from tests.terminations.scene import MESSAGE, selected

if TYPE_CHECKING:
    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
INSTANCES = "bizproc.workflow.instances"


def test_queueing_writes_job_items_and_entry(scene: Scene) -> None:
    ids = scene.add(2)

    job = scene.queue([*ids, ids[0]])

    assert (job.state, job.total, job.created_by_name) == (JobState.QUEUED, 2, scene.actor.name)
    item = job.items.order_by("position").first()
    assert item is not None
    assert (item.workflow_id, item.document_name, item.template_name) == (
        ids[0],
        "ACME renewal",
        "Invoice approval",
    )
    entry = scene.audited(job, AuditEntry.Kind.JOB_QUEUED)[0]
    assert (entry.actor_id, entry.message, entry.count) == (1, MESSAGE, 2)


def test_confirmed_twice_makes_one_job(scene: Scene) -> None:
    ids = scene.add(3)

    first = scene.queue(ids, key="the-same-form")
    second = scene.queue(ids, "another message", key="the-same-form")

    assert first.pk == second.pk
    assert Item.objects.count() == 3
    assert len(scene.audited(first, AuditEntry.Kind.JOB_QUEUED)) == 1


def test_confirmed_at_the_same_moment_makes_one_job(scene: Scene) -> None:
    chosen = [selected(workflow_id) for workflow_id in scene.add(3)]

    def confirm(_click: int) -> int:
        try:
            return queue(scene.actor, chosen, MESSAGE, "the-same-form").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as clicks:
        jobs = set(clicks.map(confirm, range(6)))

    assert len(jobs) == 1
    assert Job.objects.count() == 1
    assert Item.objects.count() == 3


@pytest.mark.parametrize("message", ["", "   ", "0", " 0 ", "x" * 256, "a\ud800b"])
def test_a_message_that_the_portal_would_not_keep(scene: Scene, message: str) -> None:
    with pytest.raises(MessageProblemError):
        queue(scene.actor, [selected("65e5a449e8f135.21284909")], message, "key")

    assert not Job.objects.exists()


def test_nothing_selected(scene: Scene) -> None:
    with pytest.raises(NothingSelectedError):
        scene.queue([])


def test_two_jobs_with_the_same_workflows(scene: Scene) -> None:
    ids = scene.add(4)
    first, second = scene.queue(ids[:3]), scene.queue(ids)

    scene.finish(first)
    scene.finish(second)

    assert scene.items(first) == [("terminated", "")] * 3
    assert scene.items(second) == [
        *([("already_finished", "stopped_by_other_job")] * 3),
        ("terminated", ""),
    ]
    told = dict.fromkeys(ids[:3], first.pk) | {ids[3]: None}
    assert dict(second.items.values_list("workflow_id", "other_job_id")) == told
    # What was found gone is recorded beside what is sent: either may come first.
    assert {entry.workflow_id: entry.other_job_id for entry in scene.audited(second)} == told
    assert [record["terminate_calls"] for record in scene.records(ids)] == [1] * 4


def test_a_workflow_that_another_job_holds_is_left_alone(scene: Scene) -> None:
    workflow_id = scene.add(1)[0]
    first = scene.queue([workflow_id])
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http502", method=INSTANCES, skip=1, times=1)
    scene.work()
    assert first.items.get().state == ItemState.UNSURE

    second = scene.queue([workflow_id])
    scene.work()
    assert second.items.get().state == ItemState.QUEUED
    scene.finish(first)
    scene.finish(second)

    assert scene.items(first) == [("terminated", "answer_lost")]
    assert scene.items(second) == [("already_finished", "stopped_by_other_job")]


def test_a_small_job_overtakes_a_big_one(scene: Scene) -> None:
    # More than is stopped before a run reads anew which jobs there are.
    big = scene.queue(scene.add(1000))
    scene.sandbox.settings(terminate_seconds=0.01)
    small_ids = scene.add(2)

    with scene.meanwhile(lambda: scene.queue(small_ids), hold=True) as click:
        scene.finish(big)

    small = scene.finish(click.result())
    big.refresh_from_db()
    assert small.finished_at is not None
    assert big.finished_at is not None
    assert small.finished_at < big.finished_at


def test_cancelled_before_it_began(scene: Scene) -> None:
    ids = scene.add(3)
    job = scene.queue(ids)

    cancel(scene.actor, job.pk)

    job.refresh_from_db()
    assert job.state == JobState.FINISHED
    assert scene.items(job) == [("cancelled", "cancelled_by_person")] * 3
    assert [record["terminate_calls"] for record in scene.records(ids)] == [0] * 3
    assert len(scene.audited(job)) == 3
    assert [(entry.actor_id, entry.count) for entry in scene.audited(job, AuditEntry.Kind.JOB_CANCELLED)] == [
        (1, 3)
    ]


def test_cancelled_in_the_middle(scene: Scene) -> None:
    scene.sandbox.settings(terminate_seconds=0.01)
    ids = scene.add(120)
    job = scene.queue(ids)

    with scene.meanwhile(lambda: cancel(scene.actor, job.pk), hold=True):
        scene.work()
    scene.finish(job)

    by_outcome = scene.outcomes(job)
    stopped = [workflow_id for workflow_id, ending in by_outcome.items() if ending[0] == "terminated"]
    left = [workflow_id for workflow_id, ending in by_outcome.items() if ending[0] == "cancelled"]
    assert stopped
    assert left
    assert len(stopped) + len(left) == 120
    assert {record["state"] for record in scene.records(stopped)} == {"ended"}
    assert {record["terminate_calls"] for record in scene.records(left)} == {0}


def test_cancelled_while_an_answer_is_missing(scene: Scene) -> None:
    """Nobody may say "cancelled" as long as the call could still be at work."""
    workflow_id = scene.add(1)[0]
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http502", method=INSTANCES, skip=1, times=1)
    scene.work()
    cancel(scene.actor, job.pk)

    scene.let_time_pass(timedelta(seconds=20))
    scene.work()
    job.refresh_from_db()
    assert job.state == JobState.CANCELLING
    scene.let_time_pass(timedelta(minutes=2))
    scene.finish(job)

    assert scene.items(job) == [("cancelled", "cancelled_by_person")]
    assert scene.record(workflow_id)["terminate_calls"] == 0


def test_a_cancelled_job_hears_what_its_last_call_did(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http502", method=INSTANCES, skip=1, times=1)
    scene.work()
    cancel(scene.actor, job.pk)

    scene.let_time_pass(timedelta(seconds=20))
    scene.finish(job)

    assert scene.items(job) == [("terminated", "answer_lost")]


def test_retries_stop_when_a_job_is_cancelled(scene: Scene) -> None:
    damaged = scene.add(1, "corrupt")[0]
    job = scene.queue([damaged])
    scene.work()
    cancel(scene.actor, job.pk)

    scene.finish(job)

    assert scene.items(job) == [("cancelled", "cancelled_by_person")]
    assert scene.record(damaged)["terminate_calls"] == 1


def test_another_portals_job_is_out_of_reach(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    scene.actor.portal.pk += 1

    with pytest.raises(Job.DoesNotExist):
        cancel(scene.actor, job.pk)


def test_the_application_is_removed(scene: Scene) -> None:
    sent = scene.queue(scene.add(1))
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http502", method=INSTANCES, skip=1, times=1)
    scene.work()
    assert sent.items.get().state == ItemState.UNSURE
    waiting = scene.queue(scene.add(2))

    lifecycle.uninstall(scene.actor.portal.pk)
    scene.work()

    assert scene.items(sent) == [("failed", "never_heard")]
    assert set(scene.items(waiting)) == {("cancelled", "uninstalled")}
    assert not Job.objects.exclude(state=JobState.FINISHED).exists()


def test_a_job_of_an_earlier_installation_does_not_go_on(scene: Scene) -> None:
    ids = scene.add(2)
    job = scene.queue(ids)
    lifecycle.uninstall(scene.actor.portal.pk)
    scene.open_again()

    scene.work()

    assert scene.items(job) == [("cancelled", "uninstalled")] * 2
    assert [record["terminate_calls"] for record in scene.records(ids)] == [0, 0]
