"""What came back is given up after calls that the portal carried out, however late it is looked for."""

from __future__ import annotations

from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.bitrix.limits import Priority
from bxapp.portals.limits import bucket_of
from bxapp.terminations.engine.desks import Desk
from bxapp.terminations.engine.flights import Crew
from bxapp.terminations.jobs import turns
from bxapp.terminations.pace.past_calls import calls_within
from tests.terminations.ghosts import (
    LIST,
    REFUSED,
    TERMINATE,
    as_of,
    seen_and_not_called_for,
    stop_while_they_resume,
)

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


@pytest.mark.parametrize("late", [timedelta(minutes=25), timedelta(hours=30)])
def test_a_first_look_that_comes_late_stops_it_all_the_same(scene: Scene, late: timedelta) -> None:
    ids, job = stop_while_they_resume(scene)
    scene.let_time_pass(late)

    for _ in range(3):
        scene.work()
        scene.let_time_pass(timedelta(seconds=30))

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert not scene.record(ids[0])["in_list"]
    assert (job.terminated, job.failed, job.ghosts_due_at) == (1, 0, None)
    assert calls_within(scene.actor.portal.pk, 600) == 2, "this one, and at most the first"


@pytest.mark.parametrize(("number", "kind"), [(1, "error"), (2, "error"), (2, "command_error")])
def test_calls_that_were_not_carried_out_do_not_count(scene: Scene, number: int, kind: str) -> None:
    ids, job = stop_while_they_resume(scene, number)
    scene.sandbox.fault(kind=kind, method=TERMINATE, code=REFUSED, status=503)
    for _ in range(9):
        scene.let_time_pass(timedelta(minutes=3))
        scene.work()
    assert scene.items(job) == [("terminated", "came_back")] * number
    assert set(job.items.values_list("ghost_calls", flat=True)) == {0}
    assert scene.asked(TERMINATE) >= 9 * number

    scene.sandbox.control("DELETE", "/faults")
    for _ in range(2):
        scene.let_time_pass(timedelta(minutes=3))
        scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")] * number
    assert not any(record["in_list"] for record in scene.records(ids))
    assert job.ghosts_due_at is None


def test_what_had_to_go_in_small_batches_does_so_again(scene: Scene) -> None:
    ids, job = stop_while_they_resume(scene, 3)
    job.items.update(batch_limit=2)
    scene.sandbox.forget()
    scene.let_time_pass(timedelta(minutes=1))

    scene.work()

    told = scene.sandbox.control("GET", "/requests?limit=1")
    assert (told["commands"][TERMINATE], told["counts"][TERMINATE]) == (2, 1)
    assert not any(record["in_list"] for record in scene.records(ids))


def test_without_a_call_that_is_carried_out_it_ends_after_a_day(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = seen_and_not_called_for(scene)
    as_of(monkeypatch, timedelta(hours=23))
    scene.let_time_pass(timedelta(minutes=3))
    scene.work()
    assert scene.items(job) == [("terminated", "came_back")]

    as_of(monkeypatch, timedelta(hours=1))
    for _ in range(2):
        scene.let_time_pass(timedelta(minutes=3))
        scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("failed", "came_back_stays")]
    assert job.ghosts_due_at is None


def test_nothing_has_failed_while_the_last_call_may_be_at_work(scene: Scene) -> None:
    (workflow_id,), job = stop_while_they_resume(scene)
    scene.sandbox.fault(kind="cut_before", method=TERMINATE)
    for _ in range(3):
        scene.let_time_pass(timedelta(minutes=3))
        scene.work()
    job.ghosts_due_at = timezone.now()
    job.save(update_fields=["ghosts_due_at"])

    scene.work()
    assert scene.items(job) == [("terminated", "came_back")]
    assert job.items.get().ghost_calls == 3
    assert scene.asked(TERMINATE) == 4
    scene.let_time_pass(timedelta(minutes=3))
    scene.work()

    assert scene.record(workflow_id)["in_list"]
    assert scene.items(job) == [("failed", "came_back_stays")]


def test_one_that_is_executed_for_long_is_given_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    (workflow_id,), job = stop_while_they_resume(scene)
    scene.sandbox.settings(lock_seconds=7200.0)
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", resume=600.0)
    scene.let_time_pass(timedelta(minutes=25))
    scene.work()
    assert scene.items(job) == [("terminated", "came_back")], "it is seen for the first time"

    as_of(monkeypatch, timedelta(minutes=21))
    for _ in range(2):
        scene.let_time_pass(timedelta(seconds=30))
        scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("failed", "came_back_stays")]
    assert scene.record(workflow_id)["terminate_calls"] == 1
    assert job.ghosts_due_at is None


def test_a_call_that_has_not_left_when_the_slots_time_is_over_does_not_count(scene: Scene) -> None:
    (workflow_id,), job = stop_while_they_resume(scene)
    scene.let_time_pass(timedelta(minutes=1))
    turn, crew = turns.take(scene.actor.portal.pk), Crew()
    assert turn is not None
    desk = Desk(turn, crew)
    asked_before = scene.asked(LIST)
    while scene.asked(LIST) == asked_before:
        desk.fill(None)
        sleep(0.01)
    # The look has left; the call after it finds no request left.
    bucket_of(scene.actor.portal).take(1000, Priority.SCREEN)
    desk.take_in(crew.landed(10.0))
    assert job.items.get().ghost_calls == 1

    desk.drain()

    assert desk.is_done
    desk.close()
    assert job.items.get().ghost_calls == 0
    assert scene.record(workflow_id)["terminate_calls"] == 1


def test_a_second_look_where_a_call_came_long_after_its_look(scene: Scene) -> None:
    """It resumed in between, and was at work for longer than until the first look."""
    (workflow_id,) = scene.add(1)
    job = scene.queue([workflow_id])
    scene.sandbox.fault(kind="slow", seconds=5.3, method=TERMINATE, times=1)
    with scene.executed_during_calls(saved=False):
        scene.work()
    assert scene.items(job) == [("terminated", "")]
    scene.let_time_pass(timedelta(seconds=30))
    scene.work()
    assert not scene.record(workflow_id)["in_list"]
    assert scene.items(job) == [("terminated", "")]
    scene.save(workflow_id)
    assert scene.record(workflow_id)["ghost"]

    for _ in range(3):
        scene.let_time_pass(timedelta(minutes=6))
        scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert not scene.record(workflow_id)["in_list"]
    assert job.ghosts_due_at is None
