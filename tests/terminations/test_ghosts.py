"""A workflow that resumes between the look and the call comes back as an empty entry."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.terminations.engine import claiming
from bxapp.terminations.jobs import recording
from bxapp.terminations.models import Item, Job
from tests.limits import forget_limits
from tests.terminations.scene import refusals, short

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
INSTANCES = "bizproc.workflow.instances"


def stop_while_it_resumes(scene: Scene) -> tuple[str, Job]:
    """The workflow resumes between the look and the call, and saves itself after it."""
    workflow_id = scene.add(1)[0]
    job = scene.queue([workflow_id])
    with scene.executed_during_calls():
        scene.work()
    return workflow_id, job


def test_a_ghost_is_stopped_again_and_the_outcome_says_so(scene: Scene) -> None:
    workflow_id, job = stop_while_it_resumes(scene)
    assert scene.record(workflow_id)["ghost"]
    assert scene.items(job) == [("terminated", "")]
    short(job)

    scene.let_time_pass(timedelta(seconds=30))
    scene.work()
    assert not scene.record(workflow_id)["in_list"]
    scene.let_time_pass(timedelta(seconds=60))
    scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert job.ghosts_due_at is None
    assert [entry.reason for entry in scene.audited(job, AuditEntry.Kind.GHOST)] == ["came_back"]


def test_an_answer_without_a_list_does_not_hide_a_ghost(scene: Scene) -> None:
    workflow_id, job = stop_while_it_resumes(scene)
    scene.sandbox.fault(kind="wrong_json", shape="lists_refused", method=INSTANCES, times=1)

    for _ in range(4):
        scene.let_time_pass(timedelta(minutes=3))
        scene.work()

    assert not scene.record(workflow_id)["in_list"]
    assert scene.items(job) == [("terminated", "came_back")]


def test_a_ghost_that_stays_is_a_failure(scene: Scene) -> None:
    workflow_id, job = stop_while_it_resumes(scene)
    scene.sandbox.fault(kind="cut_before", method=TERMINATE)

    for _ in range(8):
        scene.let_time_pass(timedelta(minutes=3))
        scene.work()

    job.refresh_from_db()
    assert scene.record(workflow_id)["in_list"]
    assert scene.items(job) == [("failed", "came_back_stays")]
    assert (job.terminated, job.failed, job.ghosts_due_at) == (0, 1, None)
    assert [entry.outcome for entry in scene.audited(job, AuditEntry.Kind.GHOST)] == ["terminated", "failed"]


def test_a_ghost_waits_for_the_portals_execution_time(scene: Scene, settings: Settings) -> None:
    """A call beyond it would be refused, and on the newest servers shut the portal for minutes."""
    workflow_id, job = stop_while_it_resumes(scene)
    settings.BITRIX24_OPERATING_RULE = [1.0, 3.0, 0.5, 30.0]
    scene.sandbox.settings(
        terminate_seconds=0.4,
        operating_limited=True,
        operating_form="ban",
        operating_limit=1.0,
        operating_window=3.0,
        operating_basket=0.5,
        operating_ban=30.0,
    )
    Item.objects.update(sent_at=None)  # as if that had been long ago
    forget_limits()
    # Three calls: more than the portal allows before the next one.
    spender = scene.queue(scene.add(3))
    scene.work()
    spender.refresh_from_db()
    assert spender.terminated == 3

    Job.objects.filter(pk=job.pk).update(ghosts_due_at=timezone.now())
    scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert job.ghosts_due_at is not None
    assert job.ghosts_due_at > timezone.now()
    ends_at = monotonic() + 20
    while scene.record(workflow_id)["in_list"] and monotonic() < ends_at:
        Job.objects.filter(pk=job.pk).update(ghosts_due_at=timezone.now())
        scene.work()
        sleep(0.3)
    assert not scene.record(workflow_id)["in_list"]
    assert job.items.get().ghost_calls == 1, "looks while it waited are not calls"
    assert refusals(scene.sandbox) == {}


def test_one_look_is_enough_where_nothing_was_executed(scene: Scene) -> None:
    job = scene.queue(scene.add(60))
    scene.work()
    short(job)
    asked_before = scene.asked("batch")

    scene.let_time_pass(timedelta(seconds=30))
    scene.work()

    job.refresh_from_db()
    assert job.ghosts_due_at is None
    assert scene.asked("batch") == asked_before + 1


@pytest.mark.parametrize("apart", [timedelta(seconds=10), timedelta(seconds=60)])
def test_a_look_comes_in_its_time_whichever_way_clocks_differ(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, apart: timedelta
) -> None:
    present = timezone.now
    job = scene.queue(scene.add(60))
    monkeypatch.setattr(timezone, "now", lambda: present() - apart)
    scene.work()
    job.refresh_from_db()
    assert not job.is_open
    short(job)
    asked_before = scene.asked("batch")

    monkeypatch.setattr(timezone, "now", lambda: present() + apart)
    scene.work()
    assert scene.asked("batch") == asked_before, "what was executed has not saved itself yet"
    moment = claiming.next_moment(job.portal_id, timezone.now())
    assert moment is not None
    assert timedelta(seconds=5) < moment - timezone.now() <= recording.FIRST_GHOST_LOOK
    scene.let_time_pass(timedelta(seconds=25))
    scene.work()

    job.refresh_from_db()
    assert job.ghosts_due_at is None
    assert scene.asked("batch") == asked_before + 1


def test_a_second_look_where_something_had_been_executed(scene: Scene) -> None:
    (workflow_id,) = scene.add(1, "executing", seconds=600.0)
    job = scene.queue([workflow_id])
    scene.work()
    scene.save(workflow_id)
    scene.finish(job)

    scene.let_time_pass(timedelta(seconds=30))
    scene.work()
    job.refresh_from_db()
    assert job.ghosts_due_at is not None
    assert timedelta(minutes=5) < job.ghosts_due_at - timezone.now() <= timedelta(minutes=6)
    scene.let_time_pass(timedelta(minutes=6))
    scene.work()

    job.refresh_from_db()
    assert job.ghosts_due_at is None


def test_an_empty_entry_says_that_the_call_stopped_it_although_it_was_answered_with_an_error(
    scene: Scene,
) -> None:
    """The portal refuses the title after the stop, in the moment in which the workflow resumes."""
    (workflow_id,) = scene.add(1, "title_refused")
    job = scene.queue([workflow_id])
    with scene.executed_during_calls(saved=False):
        scene.work()
    assert scene.items(job) == [("already_finished", "gone_after_error")]
    scene.save(workflow_id)
    assert scene.record(workflow_id)["ghost"]

    scene.let_time_pass(timedelta(seconds=25))
    scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert (job.terminated, job.already_finished) == (1, 0)
    assert not scene.record(workflow_id)["in_list"]
