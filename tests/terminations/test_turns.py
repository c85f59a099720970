"""Lost, late and doubled wake-ups; runs that die, and runs that wake up too late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.utils import timezone

from bxapp.bitrix.methods import Stopped
from bxapp.portals.grants import client_for
from bxapp.terminations import waking
from bxapp.terminations.changes import Ending
from bxapp.terminations.engine import blocking, claiming, sending, settling, sweeping
from bxapp.terminations.jobs import recording, turns
from bxapp.terminations.models import Item, Turn
from bxapp.terminations.states import ItemState, JobState, Outcome
from bxapp.terminations.tasks import run_portal, sweep

if TYPE_CHECKING:
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene


def killed_after_claiming(scene: Scene, job: Job) -> tuple[HeldTurn, list[Item]]:
    """Leave things as a run does that is killed between its commit and its request."""
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None
    blocking.answered(turn, job)
    (batch,) = claiming.claim(turn, job, [claiming.due_queued(job, timezone.now(), 50)])
    assert batch
    return turn, batch


def answered(batch: list[Item]) -> sending.Heard:
    """The portal's word that it has stopped a whole batch."""
    return sending.Heard(batch, Stopped({item.workflow_id: True for item in batch}, ()), None)


def test_one_run_at_a_time(scene: Scene) -> None:
    first = turns.take(scene.actor.portal.pk)
    assert first is not None

    assert turns.take(scene.actor.portal.pk) is None
    assert turns.held_until(scene.actor.portal.pk) is not None
    first.release()
    assert turns.held_until(scene.actor.portal.pk) is None
    assert turns.take(scene.actor.portal.pk) is not None


def test_a_lease_counts_as_prolonged_once_that_is_committed(scene: Scene) -> None:
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None
    turn.confirmed_at -= turns.LEASE.total_seconds()

    with transaction.atomic():
        turn.confirm()
        transaction.set_rollback(True)
    with pytest.raises(turns.TurnLostError):
        turn.require_time()

    with transaction.atomic():
        turn.confirm()
    turn.require_time()


def test_a_job_that_waits_is_due_when_its_wait_is_over_though_one_of_its_items_waits_longer(
    scene: Scene,
) -> None:
    job = scene.queue(scene.add(2))
    now = timezone.now()
    job.not_before = now + timedelta(seconds=30)
    job.save()
    job.items.filter(position=0).update(not_before=now + timedelta(minutes=5))

    assert claiming.next_moment(scene.actor.portal.pk, now) == job.not_before


def test_doubled_wake_ups_call_once(scene: Scene) -> None:
    ids = scene.add(60)
    job = scene.queue(ids)

    def wake_up(_message: int) -> None:
        try:
            run_portal(scene.actor.portal.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(wake_up, range(8)))

    assert scene.items(job) == [("terminated", "")] * 60
    assert {record["terminate_calls"] for record in scene.records(ids)} == {1}
    assert len(scene.audited(job)) == 60


def test_a_lost_message_is_found_by_the_sweep(scene: Scene) -> None:
    job = scene.queue(scene.add(2))

    assert sweeping.sweep() == [scene.actor.portal.pk]
    scene.work()

    assert scene.items(job) == [("terminated", "")] * 2
    assert sweeping.sweep() == []


def test_the_sweep_leaves_alone_what_is_being_worked_on(scene: Scene) -> None:
    scene.queue(scene.add(2))
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None

    sweep()
    assert sweeping.sweep() == []


def test_the_call_of_a_killed_run_that_never_left(scene: Scene) -> None:
    ids = scene.add(3)
    job = scene.queue(ids)
    killed_after_claiming(scene, job)
    assert sweeping.sweep() == []

    scene.let_time_pass(timedelta(seconds=31))
    assert sweeping.sweep() == [scene.actor.portal.pk]
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 3
    assert {record["terminate_calls"] for record in scene.records(ids)} == {1}


def test_a_message_that_meets_a_dead_run_leaves_a_wake_up_for_the_end_of_its_lease(scene: Scene) -> None:
    killed_after_claiming(scene, scene.queue(scene.add(1)))

    scene.work()

    turn = Turn.objects.get()
    assert turn.until is not None
    assert turn.wake_at is not None
    assert timedelta(0) < turn.wake_at - turn.until < timedelta(seconds=1)


def test_the_call_of_a_killed_run_that_was_executed(scene: Scene) -> None:
    ids = scene.add(3)
    job = scene.queue(ids)
    killed_after_claiming(scene, job)
    client = client_for(scene.actor.grant)
    for workflow_id in ids:
        client.call("bizproc.workflow.terminate", {"ID": workflow_id, "STATUS": job.message})

    scene.let_time_pass(timedelta(seconds=31))
    scene.work()

    assert scene.items(job) == [("terminated", "answer_lost")] * 3
    assert {record["terminate_calls"] for record in scene.records(ids)} == {1}


def test_a_run_that_wakes_up_too_late_records_nothing(scene: Scene) -> None:
    ids = scene.add(3)
    job = scene.queue(ids)
    late, batch = killed_after_claiming(scene, job)
    scene.let_time_pass(timedelta(seconds=31))
    scene.work()
    entries = len(scene.audited(job))
    assert scene.items(job) == [("terminated", "")] * 3

    with pytest.raises(turns.TurnLostError):
        sending.record(late, job, [answered(batch)])

    assert scene.items(job) == [("terminated", "")] * 3
    assert len(scene.audited(job)) == entries
    assert {record["terminate_calls"] for record in scene.records(ids)} == {1}


def test_the_lease_is_kept_while_a_request_takes_long(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = timedelta(seconds=5)
    monkeypatch.setattr(turns, "LEASE", lease)
    monkeypatch.setattr(turns, "HEARTBEAT_SECONDS", 0.5)
    job = scene.queue(scene.add(1))
    scene.sandbox.fault(kind="slow", seconds=12.0, method="bizproc.workflow.terminate", times=1)

    def watch() -> dict[float, bool]:
        held = {}
        while not released.wait(0.1):
            held[monotonic()] = turns.held_until(scene.actor.portal.pk) is not None
        connection.close()
        return held

    released = Event()
    with ThreadPoolExecutor(1) as others:
        watching = others.submit(watch)
        scene.work()
        released.set()

    assert scene.items(job) == [("terminated", "")]
    seen = watching.result()
    held_at = [moment for moment, is_held in seen.items() if is_held]
    assert held_at[-1] - held_at[0] > 1.5 * lease.total_seconds()
    assert all(is_held for moment, is_held in seen.items() if held_at[0] <= moment <= held_at[-1])


def test_work_is_left_with_a_moment_and_one_wake_up(scene: Scene) -> None:
    job = scene.queue(scene.add(1, "corrupt"))
    scene.work()

    turn = Turn.objects.get(portal=scene.actor.portal)
    not_before = job.items.get().not_before
    assert turn.wake_at is not None
    assert not_before is not None
    assert abs(turn.wake_at - not_before) < timedelta(seconds=0.1)
    before = turn.wake_at
    scene.work()
    scene.work()
    assert Turn.objects.get(portal=scene.actor.portal).wake_at == before


def test_a_broker_that_does_not_answer_is_no_error(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from celery import current_app

    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:9/0")
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:9/0")
    with current_app.connection_for_write() as broker:
        assert broker.as_uri().endswith(":9/0")

    job = scene.queue(scene.add(1))

    assert job.state == JobState.QUEUED
    waking.wake(scene.actor.portal.pk)


def test_nothing_is_left_half_done_when_the_turn_is_lost_in_the_middle(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    late, batch = killed_after_claiming(scene, job)
    Turn.objects.update(holder=None)

    with pytest.raises(turns.TurnLostError):
        sending.record(late, job, [answered(batch)])

    assert Item.objects.get().state == ItemState.SENT


def test_an_outcome_is_written_only_under_the_lease_of_its_call(scene: Scene) -> None:
    job = scene.queue(scene.add(1))
    late, batch = killed_after_claiming(scene, job)
    settling.adopt_orphans(late)

    with pytest.raises(recording.SupersededError):
        recording.write(late, job, {batch[0]: Ending(Outcome.TERMINATED)})

    job.refresh_from_db()
    assert (Item.objects.get().state, job.terminated, scene.audited(job)) == (ItemState.UNSURE, 0, [])
