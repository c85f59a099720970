"""What is told of what came back where no look can follow: the application was removed, or nobody answers."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from time import sleep
from typing import TYPE_CHECKING

from django.apps import apps
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.portals import removal
from bxapp.terminations.engine.desks import Desk
from bxapp.terminations.engine.flights import Crew
from bxapp.terminations.jobs import turns
from tests.terminations.ghosts import (
    LIST,
    REFUSED,
    TERMINATE,
    as_of,
    seen_and_not_called_for,
    stop_while_they_resume,
)

if TYPE_CHECKING:
    import pytest

    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene


def test_what_was_never_called_for_again_has_not_been_stopped(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was seen, no call was carried out, and then the portal answers no question for a day."""
    job = seen_and_not_called_for(scene)
    scene.sandbox.fault(kind="http500", method=LIST)
    as_of(monkeypatch, timedelta(hours=23))
    scene.let_time_pass(timedelta(minutes=3))
    scene.work()
    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert job.ghosts_due_at is not None

    as_of(monkeypatch, timedelta(hours=2))
    scene.let_time_pass(timedelta(minutes=3))
    scene.work()

    assert scene.items(job) == [("failed", "came_back_stays")]
    counted = type(job).objects.get(pk=job.pk)
    assert (counted.terminated, counted.failed, counted.ghosts_due_at) == (0, 1, None)
    told = scene.audited(job, AuditEntry.Kind.GHOST)
    assert [entry.reason for entry in told] == ["came_back", "came_back_stays"]


def test_a_removal_ends_the_looks_and_stops_nothing(scene: Scene) -> None:
    job = seen_and_not_called_for(scene)
    assert scene.items(job) == [("terminated", "came_back")]

    removal.uninstall(scene.actor.portal.pk)
    scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("failed", "came_back_stays")]
    assert (job.terminated, job.failed, job.ghosts_due_at) == (0, 1, None)


def _gone_by_itself(scene: Scene, job: Job) -> None:
    """Let the empty entry of the job's only workflow go, and two looks more be due."""
    workflow_id = job.items.get().workflow_id
    job.items.update(executing_since=timezone.now())
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0.0)
    sleep(0.3)
    assert not scene.record(workflow_id)["in_list"]
    scene.let_time_pass(timedelta(minutes=3))


def test_what_a_later_look_showed_gone_has_been_stopped(scene: Scene) -> None:
    job = seen_and_not_called_for(scene)
    _gone_by_itself(scene, job)
    scene.work()
    assert type(job).objects.get(pk=job.pk).ghosts_due_at is not None

    removal.uninstall(scene.actor.portal.pk)
    scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert (job.terminated, job.failed, job.ghosts_due_at) == (1, 0, None)


def test_a_removal_in_the_middle_of_a_look_waits_for_what_it_shows(scene: Scene) -> None:
    job = seen_and_not_called_for(scene)
    _gone_by_itself(scene, job)
    turn, crew = turns.take(scene.actor.portal.pk), Crew()
    assert turn is not None
    desk = Desk(turn, crew)
    while not desk.flights:
        desk.fill(None)
    removal.uninstall(scene.actor.portal.pk)

    desk.refresh()
    desk.fill(None)
    assert scene.items(job) == [("terminated", "came_back")]
    while desk.flights:
        desk.take_in(crew.landed(10.0))
        desk.fill(None)
    desk.close()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert (job.terminated, job.failed, job.ghosts_due_at) == (1, 0, None)


def test_what_was_called_for_since_it_was_seen_has_been_stopped_as_far_as_anyone_knows(scene: Scene) -> None:
    (workflow_id,), job = stop_while_they_resume(scene)
    scene.let_time_pass(timedelta(minutes=1))
    scene.work()
    assert not scene.record(workflow_id)["in_list"]

    removal.uninstall(scene.actor.portal.pk)
    scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("terminated", "came_back")]
    assert job.ghosts_due_at is None


def test_of_a_call_that_nobody_heard_nobody_knows(scene: Scene) -> None:
    """The portal stops the empty entry, the answer is lost, and the application is removed."""
    (workflow_id,), job = stop_while_they_resume(scene)
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.let_time_pass(timedelta(minutes=1))
    scene.work()
    assert scene.record(workflow_id)["terminate_calls"] == 2

    removal.uninstall(scene.actor.portal.pk)
    scene.work()

    job.refresh_from_db()
    assert scene.items(job) == [("failed", "never_heard")]
    assert (job.terminated, job.failed, job.ghosts_due_at) == (0, 1, None)
    told = scene.audited(job, AuditEntry.Kind.GHOST)
    assert [entry.reason for entry in told] == ["came_back", "never_heard"]


def test_what_the_version_before_had_seen_is_known_to_have_been_seen(scene: Scene) -> None:
    job = seen_and_not_called_for(scene)
    job.items.update(ghost_seen_at=None)

    import_module("bxapp.terminations.migrations.0011_ghost_seen_at").note_what_was_not_called_for(apps, None)

    assert job.items.get().ghost_seen_at is not None


def test_what_a_look_showed_after_its_call_has_not_been_stopped(scene: Scene) -> None:
    """The call was answered and ended nothing; what the portal does next nobody hears."""
    _, job = stop_while_they_resume(scene)
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=1)
    scene.let_time_pass(timedelta(minutes=1))
    scene.work()
    scene.sandbox.fault(kind="error", method=TERMINATE, code=REFUSED, status=503)
    scene.let_time_pass(timedelta(minutes=3))
    scene.work()
    assert scene.items(job) == [("terminated", "came_back")]
    assert job.items.get().ghost_calls == 1

    removal.uninstall(scene.actor.portal.pk)
    scene.work()

    assert scene.items(job) == [("failed", "came_back_stays")]


def test_a_call_that_the_portal_answered_with_an_error_has_not_stopped_it(scene: Scene) -> None:
    _, job = stop_while_they_resume(scene)
    scene.sandbox.fault(kind="error", method=TERMINATE, code="ERROR_WRONG_WORKFLOW_ID", status=400)
    scene.let_time_pass(timedelta(minutes=1))
    scene.work()
    assert job.items.get().ghost_calls == 1

    removal.uninstall(scene.actor.portal.pk)
    scene.work()

    assert scene.items(job) == [("failed", "came_back_stays")]


def test_a_call_that_was_refused_says_nothing_of_the_one_before(scene: Scene) -> None:
    _, job = stop_while_they_resume(scene)
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=1)
    scene.let_time_pass(timedelta(minutes=1))
    scene.work()
    scene.sandbox.fault(kind="error", method=TERMINATE, code=REFUSED, status=503)
    # After the pause that an unheard call brings, and while it may be at work.
    scene.let_time_pass(timedelta(seconds=122))
    scene.work()
    assert scene.asked(TERMINATE) == 3
    assert job.items.get().ghost_calls == 1

    removal.uninstall(scene.actor.portal.pk)
    scene.work()

    assert scene.items(job) == [("failed", "never_heard")]


def test_a_call_whose_token_could_not_be_renewed_has_not_left(scene: Scene) -> None:
    _, job = stop_while_they_resume(scene)
    scene.sandbox.fault(kind="error", method=TERMINATE, code="expired_token", status=401, times=1)
    scene.sandbox.fault(kind="cut_before", server="authorization", method="oauth/token", times=2)
    scene.let_time_pass(timedelta(minutes=1))
    scene.work()
    assert scene.items(job) == [("terminated", "came_back")]
    assert job.items.get().ghost_calls == 0

    removal.uninstall(scene.actor.portal.pk)
    scene.work()

    assert scene.items(job) == [("failed", "came_back_stays")]
