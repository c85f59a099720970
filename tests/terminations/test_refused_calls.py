"""A portal that answers every question and refuses every call, or every token: no job asks it without end."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.portals import limits
from bxapp.portals.models import AccessGrant, Portal
from bxapp.terminations.engine import dispatch
from bxapp.terminations.models import Job, Pace
from bxapp.terminations.states import BlockedReason, JobState

if TYPE_CHECKING:
    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
INSTANCES = "bizproc.workflow.instances"
REFUSALS = ("NO_AUTH_FOUND", "PORTAL_DELETED")
BLOCKED, RESUMED = AuditEntry.Kind.JOB_BLOCKED, AuditEntry.Kind.JOB_RESUMED


def refuse(scene: Scene, code: str, **how: object) -> None:
    scene.sandbox.fault(kind="error", method=TERMINATE, code=code, description="refused", status=401, **how)


def seconds_to_wait(job: Job) -> float:
    job.refresh_from_db()
    assert job.not_before is not None
    return (job.not_before - timezone.now()).total_seconds()


@pytest.mark.parametrize("code", REFUSALS)
def test_pauses_grow_and_the_person_is_told_once(scene: Scene, code: str) -> None:
    refuse(scene, code)
    job = scene.queue(scene.add(3))

    waits = []
    for _ in range(8):
        scene.work()
        waits.append(seconds_to_wait(job))
        scene.let_time_pass(timedelta(seconds=waits[-1] + 1))

    assert waits == sorted(waits)
    assert waits[-1] > 8 * waits[0]
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.PORTAL_SILENT)
    assert job.portal_words == "refused"
    assert [entry.reason for entry in scene.audited(job, BLOCKED)] == [BlockedReason.PORTAL_SILENT]
    assert scene.audited(job, RESUMED) == []


def test_a_call_that_is_heard_ends_it(scene: Scene) -> None:
    refuse(scene, "NO_AUTH_FOUND", times=3)
    job = scene.finish(scene.queue(scene.add(3)))

    assert scene.items(job) == [("terminated", "")] * 3
    assert (job.failures_in_a_row, job.calls_refused_since) == (0, None)
    assert len(scene.audited(job, RESUMED)) == 1


def test_after_a_day_it_is_given_up(scene: Scene) -> None:
    refuse(scene, "PORTAL_DELETED")
    job = scene.queue(scene.add(3))
    scene.work()
    scene.let_time_pass(timedelta(hours=24))

    scene.work()

    assert scene.items(job) == [("failed", "unreachable")] * 3


def test_a_refusal_that_says_why_is_an_answer(scene: Scene) -> None:
    """Calls are refused for payment, every hour for more than a day; then one look is not answered."""
    refuse(scene, "PAYMENT_REQUIRED", times=25)
    job = scene.queue(scene.add(3))
    for _ in range(25):
        scene.work()
        scene.let_time_pass(timedelta(hours=1, seconds=1))
    job.refresh_from_db()
    assert job.blocked_reason == BlockedReason.PORTAL_REFUSES
    scene.sandbox.fault(kind="http502", method=INSTANCES, times=1)

    scene.work()

    assert scene.items(job) == [("", "")] * 3
    assert scene.items(scene.finish(job)) == [("terminated", "")] * 3


def test_a_refusal_in_silence_long_after_one_that_said_why(scene: Scene) -> None:
    """Payment is missing for two days, from the first call on; then a single call meets a closed portal."""
    refuse(scene, "PAYMENT_REQUIRED", times=1)
    job = scene.queue(scene.add(3))
    scene.work()
    scene.sandbox.fault(
        kind="error", method=INSTANCES, code="PAYMENT_REQUIRED", description="unpaid", status=402, times=48
    )
    for _ in range(48):
        scene.let_time_pass(timedelta(hours=1, seconds=1))
        scene.work()
    refuse(scene, "PORTAL_DELETED", times=1)
    scene.let_time_pass(timedelta(hours=1, seconds=1))

    scene.work()

    assert scene.items(job) == [("", "")] * 3
    assert scene.items(scene.finish(job)) == [("terminated", "")] * 3


def test_an_answered_look_ends_the_silence_while_calls_are_refused(scene: Scene) -> None:
    """One look goes wrong, the next one is answered; nobody works for a day, and then a look goes wrong."""
    (workflow_id,) = scene.add(1)
    scene.sandbox.fault(kind="limit", method=TERMINATE, times=1)
    job = scene.queue([workflow_id])
    scene.work()
    # Busy: it is looked at, and not called for.
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", resume=300.0)
    for span in (timedelta(minutes=1), timedelta(hours=25)):
        scene.let_time_pass(timedelta(minutes=1))
        scene.work()
        scene.sandbox.fault(kind="http502", method=INSTANCES, times=1)
        scene.let_time_pass(span)
        scene.work()

    assert scene.items(job) == [("", "")]


def refused_for_a_day(scene: Scene, ids: list[str]) -> Job:
    """Return a job whose next call is refused once more, after a day of refusals; others take a while."""
    learned = {"width": 8, "seconds_per_command": 0.4, "deviation_seconds": 0.0}
    Pace.objects.create(portal=scene.actor.portal, memory=learned, learned_at=timezone.now())
    refuse(scene, "PORTAL_DELETED")
    job = scene.queue(ids)
    scene.work()
    assert {record["terminate_calls"] for record in scene.records(ids)} == {0}
    scene.sandbox.control("DELETE", "/faults")
    refuse(scene, "PORTAL_DELETED", times=1)
    scene.sandbox.settings(terminate_seconds=0.5)
    scene.let_time_pass(timedelta(hours=25))
    return job


def stopped_and_told(scene: Scene, job: Job) -> tuple[set[str], dict[tuple[str, str], set[str]]]:
    """Return the workflows that calls have stopped in the portal, and all of the job by their outcome."""
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for workflow_id, ended in scene.outcomes(job).items():
        told[ended].add(workflow_id)
    records = scene.records([workflow_id for some in told.values() for workflow_id in some])
    return {record["id"] for record in records if record["ended_how"] == "terminate"}, told


def test_what_is_under_way_when_a_job_is_given_up_is_heard(scene: Scene) -> None:
    job = refused_for_a_day(scene, scene.add(12))

    scene.work()

    stopped, told = stopped_and_told(scene, job)
    assert told[("terminated", "")] == stopped != set()
    assert set(told) == {("terminated", ""), ("failed", "unreachable")}
    assert Job.objects.get(pk=job.pk).state == JobState.FINISHED


def test_what_is_not_heard_when_a_job_is_given_up_is_asked_about(scene: Scene) -> None:
    job = refused_for_a_day(scene, scene.add(12))
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, skip=1)
    scene.work()
    assert Job.objects.get(pk=job.pk).is_open

    scene.finish(job)

    stopped, told = stopped_and_told(scene, job)
    assert told[("terminated", "answer_lost")] == stopped != set()
    assert set(told) == {("terminated", "answer_lost"), ("failed", "unreachable")}


def test_a_request_that_lost_its_body_is_sent_in_smaller_ones(scene: Scene) -> None:
    # A portal that is known: its first batches are large.
    learned = {"width": 2, "seconds_per_command": 0.01, "deviation_seconds": 0.0}
    Pace.objects.create(portal=scene.actor.portal, memory=learned, learned_at=timezone.now())
    refuse(scene, "NO_AUTH_FOUND", times=2)
    job = scene.queue(scene.add(60))
    scene.work()

    assert min(job.items.values_list("batch_limit", flat=True)) <= 25
    scene.finish(job)
    assert scene.items(job) == [("terminated", "")] * 60


def test_a_block_by_hand_waits_for_the_support_and_is_no_limit_of_requests(scene: Scene) -> None:
    scene.sandbox.settings(edition="on_premise")
    scene.finish(scene.queue(scene.add(1)))
    words = "REST API is blocked due to overload."
    scene.sandbox.fault(kind="error", code="OVERLOAD_LIMIT", description=words, status=401, times=1)
    job = scene.queue(scene.add(3))

    scene.work()

    assert 3500 < seconds_to_wait(job) <= 3600
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.PORTAL_REFUSES)
    assert job.portal_words == words
    assert [entry.portal_words for entry in scene.audited(job, BLOCKED)] == [words]
    assert limits.bucket_of(Portal.objects.get()).take(1000).granted == 1000
    scene.let_time_pass(timedelta(hours=1))
    scene.finish(job)
    assert scene.items(job) == [("terminated", "")] * 3
    assert len(scene.audited(job, RESUMED)) == 1


def test_a_portal_to_which_every_token_is_expired(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "SERVES_SECONDS", 5.0)
    scene.sandbox.fault(kind="error", code="expired_token", description="expired", status=401)
    job = scene.queue(scene.add(3))
    renewed_before = scene.asked("oauth/token")

    scene.work()

    assert scene.asked("oauth/token") == renewed_before + 1
    first = seconds_to_wait(job)
    for _ in range(3):
        scene.let_time_pass(timedelta(seconds=seconds_to_wait(job) + 1))
        scene.work()
    assert seconds_to_wait(job) > 2 * first
    assert job.blocked_reason == BlockedReason.PORTAL_SILENT


def test_a_pair_that_is_over_when_it_comes_is_tried(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of this machine is two hours ahead of that of whoever says when a pair is over."""
    monkeypatch.setattr(dispatch, "SERVES_SECONDS", 5.0)
    AccessGrant.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    present = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: present() + timedelta(hours=2))
    renewed_before = scene.asked("oauth/token")
    job = scene.queue(scene.add(3))

    scene.work()

    assert scene.items(job) == [("terminated", "")] * 3
    assert scene.asked("oauth/token") == renewed_before + 1
