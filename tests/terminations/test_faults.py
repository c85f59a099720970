"""Requests that bring nothing, or are refused as a whole: nothing lost, nothing guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bxapp.audit.models import AuditEntry
from bxapp.terminations.states import BlockedReason, JobState

if TYPE_CHECKING:
    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
INSTANCES = "bizproc.workflow.instances"


def test_an_answer_that_was_cut_after_the_work(scene: Scene) -> None:
    ids = scene.add(3)
    job = scene.queue(ids)
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)

    scene.work()

    job.refresh_from_db()
    assert job.state == JobState.FINISHED
    assert scene.items(job) == [("terminated", "answer_lost")] * 3
    assert [record["terminate_calls"] for record in scene.records(ids)] == [1] * 3


def test_a_connection_that_was_cut_before_the_work(scene: Scene) -> None:
    ids = scene.add(3)
    job = scene.queue(ids)
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=1)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 3
    assert [record["terminate_calls"] for record in scene.records(ids)] == [1] * 3


def test_it_ends_by_itself_after_a_lost_call_that_did_nothing(scene: Scene) -> None:
    """Nobody can tell this from a call that worked; the reason says so."""
    workflow_id = scene.add(1)[0]
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http500", method=INSTANCES, skip=1, times=1)
    scene.work()
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "answer_lost")]


def test_a_single_call_that_is_always_cut(scene: Scene) -> None:
    workflow_id = scene.add(1)[0]
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="cut_before", method=TERMINATE)

    for _ in range(8):
        scene.work()
        scene.let_time_pass(timedelta(minutes=11))

    assert scene.items(job) == [("failed", "breaks_portal")]


@pytest.mark.parametrize(
    "shape", ["batch_command_lost", "batch_results_null", "html", "truncated", "list", "result_nan"]
)
def test_answers_of_another_shape_are_settled(scene: Scene, shape: str) -> None:
    ids = scene.add(3)
    job = scene.queue(ids)
    scene.sandbox.fault(kind="wrong_json", shape=shape, method=TERMINATE, times=1)

    scene.finish(job)

    assert {ending[0] for ending in scene.items(job)} == {"terminated"}
    assert [record["terminate_calls"] for record in scene.records(ids)] == [1] * 3


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "shape", ["result_null", "result_text", "result_list", "result_number", "result_nan"]
)
def test_an_answer_that_says_nothing_is_no_error(scene: Scene, shape: str, count: int) -> None:
    ids = scene.add(count)
    job = scene.queue(ids)
    scene.sandbox.fault(kind="wrong_json", shape=shape, method=TERMINATE, times=1)

    scene.finish(job)

    # The call had stopped them: "already finished" would be invented.
    assert scene.items(job) == [("terminated", "answer_lost")] * count
    assert [record["terminate_calls"] for record in scene.records(ids)] == [1] * count


NO_LISTS = ["lists_wrapped", "lists_refused", "lists_of_null", "lists_empty_object", "rows_of_text"]


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize("shape", NO_LISTS)
def test_a_look_that_is_answered_without_a_list_finds_nobody_gone(
    scene: Scene, shape: str, count: int
) -> None:
    ids = scene.add(count)
    job = scene.queue(ids)
    scene.sandbox.fault(kind="wrong_json", shape=shape, method=INSTANCES, times=2)

    scene.work()
    assert scene.items(job) == [("", "")] * count
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * count
    assert {record["ended_how"] for record in scene.records(ids)} == {"terminate"}


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize("shape", NO_LISTS)
def test_a_lost_call_is_not_settled_by_an_answer_without_a_list(scene: Scene, shape: str, count: int) -> None:
    ids = scene.add(count)
    job = scene.queue(ids)
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=2)
    scene.sandbox.fault(kind="wrong_json", shape=shape, method=INSTANCES, skip=1, times=2)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * count
    assert {record["ended_how"] for record in scene.records(ids)} == {"terminate"}


def test_a_list_may_come_as_an_object_with_numbers(scene: Scene) -> None:
    gone, *ids = scene.add(3)
    job = scene.queue([gone, *ids])
    scene.sandbox.control("POST", f"/portals/1/workflows/{gone}", end=0)
    scene.sandbox.fault(kind="wrong_json", shape="lists_keyed", method=INSTANCES)

    scene.work()

    assert scene.items(job) == [("already_finished", "gone_before"), *[("terminated", "")] * 2]


def test_too_many_requests(scene: Scene) -> None:
    job = scene.queue(scene.add(3))
    scene.sandbox.fault(kind="limit", method=TERMINATE, times=2)

    scene.work()
    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.PORTAL_LIMIT)
    assert scene.items(job) == [("", "")] * 3
    assert job.items.filter(unheard_calls=0, state="queued").count() == 3
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 3
    assert scene.audited(job, AuditEntry.Kind.JOB_BLOCKED) == []


def test_the_execution_time_is_used_up_in_the_middle_of_a_batch(scene: Scene) -> None:
    job = scene.queue(scene.add(5))
    scene.sandbox.fault(kind="operating", method=TERMINATE, skip=2, times=3)

    scene.work()
    job.refresh_from_db()
    assert job.terminated == 2
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.PORTAL_LIMIT)
    assert job.not_before is not None
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 5


def test_a_portal_that_does_not_answer_for_a_while(scene: Scene) -> None:
    job = scene.queue(scene.add(2))
    scene.sandbox.fault(kind="http502", times=4)

    for _ in range(4):
        scene.work()
        scene.let_time_pass()
    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.PORTAL_SILENT)
    assert len(scene.audited(job, AuditEntry.Kind.JOB_BLOCKED)) == 1
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 2
    assert len(scene.audited(job, AuditEntry.Kind.JOB_RESUMED)) == 1


def test_a_portal_that_does_not_answer_for_a_day(scene: Scene) -> None:
    done, in_doubt = scene.add(2)
    job = scene.queue([done, in_doubt])
    scene.sandbox.fault(kind="portal_deleted")
    scene.work()
    job.refresh_from_db()
    assert job.silent_since is not None

    scene.let_time_pass(timedelta(hours=25))
    scene.work()

    job.refresh_from_db()
    assert job.state == JobState.FINISHED
    assert scene.items(job) == [("failed", "unreachable")] * 2


def test_what_is_in_doubt_after_a_day_is_not_called_untouched(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="http502", method=INSTANCES, skip=1)
    scene.work()
    assert scene.items(job) == [("", "")]

    scene.let_time_pass(timedelta(hours=25))
    scene.work()

    assert scene.items(job) == [("failed", "never_heard")]


def test_rights_lost_in_the_middle(scene: Scene) -> None:
    job = scene.queue(scene.add(3))
    scene.sandbox.fault(kind="rights_lost", method=TERMINATE, times=1)

    scene.work()
    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.RIGHTS_LOST)
    assert not scene.is_due()
    scene.sandbox.control("POST", "/portals/1/users/1", admin=True)
    scene.open_again()
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 3
    assert [entry.reason for entry in scene.audited(job, AuditEntry.Kind.JOB_BLOCKED)] == ["rights_lost"]
    assert [entry.reason for entry in scene.audited(job, AuditEntry.Kind.JOB_RESUMED)] == ["rights_lost"]


def test_a_revoked_pair_waits_for_its_user(scene: Scene) -> None:
    job = scene.queue(scene.add(3))
    scene.sandbox.control("POST", "/portals/1/tokens/revoke")

    scene.work()
    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.OPEN_AGAIN)
    scene.let_time_pass()
    scene.work()
    job.refresh_from_db()
    assert job.state == JobState.BLOCKED
    scene.open_again()
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 3


def test_an_expired_token_is_renewed_on_the_way(scene: Scene) -> None:
    job = scene.queue(scene.add(3))
    scene.sandbox.control("POST", "/portals/1/tokens/expire")

    scene.work()

    assert scene.items(job) == [("terminated", "")] * 3


def test_in_doubt_stays_in_doubt_while_the_user_is_away(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="token_revoked", method=INSTANCES, skip=1, times=1)

    scene.work()
    assert job.items.get().state == "unsure"
    scene.open_again()
    scene.finish(job)

    assert scene.items(job) == [("terminated", "answer_lost")]


def test_a_plan_without_workflows(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    scene.sandbox.settings(workflows_available=False)

    scene.work()
    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.PORTAL_REFUSES)
    assert job.portal_words
    scene.sandbox.settings(workflows_available=True)
    scene.let_time_pass(timedelta(hours=1))
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")]


def test_a_portal_that_moved(scene: Scene) -> None:
    job = scene.queue(scene.add(2))
    scene.sandbox.settings(moved=True)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 2
