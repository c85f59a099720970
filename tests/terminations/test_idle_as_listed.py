"""A list that was read a moment ago is as good as a look: what it showed idle is called for at once."""

from __future__ import annotations

import re
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db.models import F
from django.utils import timezone

from bxapp.terminations.engine import claiming, looking
from bxapp.terminations.engine.lanes import Lane
from bxapp.terminations.jobs import pausing, turns
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import BlockedReason, JobState
from bxapp.workflows import snapshot_steps
from tests.terminations.scene import MESSAGE, selected, short, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.test import Client

    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
INSTANCES = "bizproc.workflow.instances"


def _queue(scene: Scene, ids: Sequence[str], *, seconds: float = 5.0, at_work: Sequence[str] = ()) -> Job:
    return scene.queue_listed(ids, seconds=seconds, at_work=at_work)


def test_what_the_list_showed_idle_is_not_looked_at(scene: Scene) -> None:
    ids = scene.add(120)

    job = scene.finish(_queue(scene, ids))

    assert scene.asked(INSTANCES) == 0
    assert scene.items(job) == [("terminated", "")] * 120
    assert {record["terminate_calls"] for record in scene.records(ids)} == {1}
    assert job.started_at is not None


def test_what_it_showed_at_work_is_looked_at(scene: Scene) -> None:
    ids = scene.add(60)
    (busy,) = scene.add(1, "executing")

    job = _queue(scene, [*ids, busy], at_work=[busy])
    scene.work()

    assert scene.asked(INSTANCES) == 1
    assert Item.objects.get(job=job, workflow_id=busy).executing_since is not None
    assert scene.record(busy)["terminate_calls"] == 0
    assert job.items.filter(outcome="terminated").count() == 60


@pytest.mark.parametrize("seconds", [46.0, 86_400.0])
def test_an_older_list_is_not_believed(scene: Scene, seconds: float) -> None:
    ids = scene.add(3)

    job = scene.finish(_queue(scene, ids, seconds=seconds))

    assert scene.asked(INSTANCES) == 1
    assert scene.items(job) == [("terminated", "")] * 3


def test_a_list_of_an_unknown_moment_is_not_believed(scene: Scene) -> None:
    chosen = [selected(one, is_idle=True) for one in scene.add(3)]

    scene.finish(queue(scene.actor, chosen, MESSAGE, uuid4().hex))

    assert scene.asked(INSTANCES) == 1


def test_what_ended_by_itself_since_is_never_told_as_terminated(scene: Scene) -> None:
    ids = scene.add(4)
    job = _queue(scene, ids)
    scene.sandbox.control("POST", f"/portals/1/workflows/{ids[1]}", end=0)

    scene.finish(job)

    assert scene.outcomes(job)[ids[1]] == ("already_finished", "gone_after_error")
    assert [outcome for outcome, _ in scene.items(job)].count("terminated") == 3


def test_what_another_job_stopped_since_is_not_called_for(scene: Scene) -> None:
    ids = scene.add(60)
    first, second = _queue(scene, ids[:20]), _queue(scene, ids)

    scene.finish(first)
    scene.finish(second)

    assert {record["terminate_calls"] for record in scene.records(ids)} == {1}
    assert scene.items(second)[:20] == [("already_finished", "stopped_by_other_job")] * 20
    assert scene.items(second)[20:] == [("terminated", "")] * 40


def test_after_a_first_call_it_is_looked_at(scene: Scene) -> None:
    ids = scene.add(3)
    scene.sandbox.fault(kind="error", method=TERMINATE, code="QUERY_LIMIT_EXCEEDED", status=503, times=1)

    job = scene.finish(_queue(scene, ids))

    assert scene.asked(INSTANCES) == 1
    assert scene.items(job) == [("terminated", "")] * 3


def test_the_age_is_counted_by_the_databases_clock(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    job = _queue(scene, scene.add(2), seconds=30.0)
    ahead = timezone.now() + timedelta(minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: ahead)

    items = claiming.due_queued(job, ahead, 10)

    ages = [monotonic() - (item.looked_at or 0.0) for item in items]
    assert ages == pytest.approx([30.0, 30.0], abs=5.0)


@pytest.mark.parametrize(
    "waits",
    [
        {"state": JobState.BLOCKED, "blocked_reason": BlockedReason.PORTAL_SILENT},
        {"failures_in_a_row": 1},
        {"calls_refused_since": timezone.now()},
        {"state": JobState.CANCELLING},
        {"rights_of_id": 2},
    ],
)
def test_a_job_that_is_not_well_needs_a_look(scene: Scene, waits: dict[str, object]) -> None:
    job = _queue(scene, scene.add(2))
    for name, value in waits.items():
        setattr(job, name, value)

    idle, others = looking.idle_as_listed(job, claiming.due_queued(job, timezone.now(), 10))

    assert (len(idle), len(others)) == (0, 2)


@pytest.mark.parametrize("since", ["sent_at", "executing_since"])
def test_what_was_called_for_or_seen_at_work_since_needs_a_look(scene: Scene, since: str) -> None:
    job = _queue(scene, scene.add(2))
    touched = job.items.order_by("position")[0]
    Item.objects.filter(pk=touched.pk).update(**{since: timezone.now()})

    idle, others = looking.idle_as_listed(job, claiming.due_queued(job, timezone.now(), 10))

    assert (len(idle), [item.pk for item in others]) == (1, [touched.pk])


def test_a_newer_look_overrules_the_list(scene: Scene) -> None:
    """Seen being executed it is left alone until it is idle, although its list is fresh still."""
    ids = scene.add(20)
    job = _queue(scene, ids, seconds=1.0)
    # Not well at first, so that it is looked at.
    Job.objects.update(failures_in_a_row=1)
    scene.resume(ids[0])

    for _ in range(3):
        scene.work()
        Item.objects.update(not_before=None)

    assert scene.record(ids[0])["terminate_calls"] == 0
    assert scene.items(job)[1:] == [("terminated", "")] * 19


@pytest.mark.parametrize(("seconds", "is_looked_at_twice"), [(5.0, True), (3600.0, False)])
def test_a_second_look_is_for_what_nobody_looked_at(
    scene: Scene, seconds: float, is_looked_at_twice: bool
) -> None:
    job = _queue(scene, scene.add(20), seconds=seconds)
    scene.work()
    short(job)

    scene.let_time_pass(timedelta(seconds=30))
    Item.objects.update(idle_at=F("idle_at") - timedelta(seconds=30))
    scene.work()

    job.refresh_from_db()
    assert (job.ghosts_due_at is not None) == is_looked_at_twice


def test_what_comes_back_late_is_found_by_a_second_look(scene: Scene) -> None:
    """It resumed after the list was read and was at work for longer than until the first look."""
    ids = scene.add(2)
    job = _queue(scene, ids)
    scene.resume(ids[0])
    scene.work()
    assert scene.items(job) == [("terminated", "")] * 2
    scene.let_time_pass(timedelta(seconds=30))
    scene.work()
    scene.save(ids[0])
    assert scene.record(ids[0])["ghost"]

    for _ in range(3):
        scene.let_time_pass(timedelta(minutes=6))
        scene.work()

    assert scene.items(job) == [("terminated", "came_back"), ("terminated", "")]
    assert not scene.record(ids[0])["in_list"]


def test_what_was_hung_in_the_list_goes_in_its_place(scene: Scene, frame: Client) -> None:
    scene.add(3, "hung")
    scene.add(3)
    actor = scene.actor
    snapshot = snapshot_steps.begin(actor, "", 6)
    snapshot_steps.read(snapshot.pk, 60.0)
    asked = scene.asked(INSTANCES)

    reference = snapshot.selection.reference
    page = text_of(frame.post("/terminations/dialog/", {"snapshot": reference}))
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    frame.post("/terminations/", {**fields, "message": "Stopped"})
    job = scene.finish(Job.objects.get())

    assert scene.asked(INSTANCES) == asked
    assert scene.items(job) == [("terminated", "")] * 6


def test_a_lane_forgets_what_was_seen_too_long_ago_wherever_it_stands(scene: Scene) -> None:
    job = scene.queue(scene.add(4))
    items = list(job.items.order_by("position"))
    now = monotonic()
    for item, age in zip(items, [1.0, 50.0, 44.0, 50.0], strict=True):
        item.looked_at = now - age
    lane = Lane(job, now)
    lane.nothing_queued = True

    lane.add(items)

    assert lane.ready == 2
    assert lane.next_batch(50) == [items[0], items[2]]
    assert not lane.nothing_queued


def test_a_claim_begins_a_new_job_and_no_other(scene: Scene) -> None:
    ids = scene.add(4)
    begun, held = _queue(scene, ids[:2]), _queue(scene, ids[2:])
    pausing.pause(scene.actor, held.pk)
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None

    claimed = [
        claiming.claim(turn, job, [claiming.due_queued(job, timezone.now(), 10) or list(job.items.all())])
        for job in (begun, held)
    ]

    assert [[len(batch) for batch in batches] for batches in claimed] == [[2], [0]]
    assert begun.state == JobState.RUNNING
    states = dict(Job.objects.values_list("pk", "state"))
    assert states == {begun.pk: JobState.RUNNING, held.pk: JobState.PAUSED}
