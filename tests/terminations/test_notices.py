"""Telling a job's person in the portal that it has ended: of long jobs, by leave of the portal, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone, translation

from bxapp.journal import writing
from bxapp.journal.models import JournalEntry
from bxapp.portals import lifecycle
from bxapp.portals.grants import client_for
from bxapp.portals.models import AccessGrant, Portal, Preference
from bxapp.terminations.jobs import notices, summaries, turns
from bxapp.terminations.models import Job
from bxapp.terminations.states import JobState

if TYPE_CHECKING:
    from tests.terminations.scene import Scene

METHOD = "im.notify.system.add"
WITHOUT_IM = ["bizproc", "user_brief"]


@pytest.fixture
def told_scene(scene: Scene) -> Scene:
    """The scene in a portal that gave the application the permission to notify."""
    allow(scene, [*WITHOUT_IM, "im"])
    return scene


def allow(scene: Scene, scope: list[str]) -> None:
    scene.sandbox.control("POST", "/portals/1/scope", scope=scope)
    scene.actor = scene.open_again()


def long_job(scene: Scene, count: int = 2, *, lasting: timedelta = timedelta(minutes=3)) -> Job:
    """Return a job that was confirmed some minutes ago and has not begun."""
    job = scene.queue(scene.add(count))
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - lasting)
    return job


def notifications(scene: Scene) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = scene.sandbox.control("GET", "/portals/1/notifications")
    return told


def test_the_person_of_a_long_job_is_told(told_scene: Scene) -> None:
    job = told_scene.finish(long_job(told_scene))

    (told,) = notifications(told_scene)
    assert (told["user_id"], told["from_user_id"]) == (1, 0)
    assert told["message"] == f"Job no. {job.pk} has ended: {summaries.sentence(job)}"
    assert "2 terminated, in 3 min" in told["message"]
    job.refresh_from_db()
    assert job.notice_due_at is None


def test_it_is_in_the_journal_with_its_job(told_scene: Scene) -> None:
    job = told_scene.finish(long_job(told_scene))

    writing.write()

    entry = JournalEntry.objects.get(method=METHOD)
    assert entry.job_id == job.pk


def test_nobody_is_told_twice(told_scene: Scene) -> None:
    job = told_scene.finish(long_job(told_scene))

    for _ in range(3):
        told_scene.let_time_pass()
        told_scene.work()

    assert told_scene.asked(METHOD) == 1
    job.refresh_from_db()
    assert job.state == JobState.FINISHED


def test_the_end_of_a_short_job_was_seen(told_scene: Scene) -> None:
    told_scene.finish(told_scene.queue(told_scene.add(2)))

    assert told_scene.asked(METHOD) == 0


def test_without_the_permission_nothing_is_asked(scene: Scene) -> None:
    allow(scene, WITHOUT_IM)

    scene.finish(long_job(scene))

    assert scene.asked(METHOD) == 0
    assert Portal.objects.get().scope == WITHOUT_IM


def test_a_permission_that_was_taken_away_meanwhile(told_scene: Scene) -> None:
    """The portal refuses, and the job knows nothing of it."""
    Portal.objects.update(scope=[*WITHOUT_IM, "im"])
    told_scene.sandbox.control("POST", "/portals/1/scope", scope=WITHOUT_IM)
    told_scene.actor = told_scene.open_again()
    Portal.objects.update(scope=[*WITHOUT_IM, "im"])

    job = told_scene.finish(long_job(told_scene))

    assert told_scene.items(job) == [("terminated", "")] * 2
    assert notifications(told_scene) == []
    assert not notices.next_job(job.portal_id, timezone.now() + timedelta(days=1))


def test_a_limit_postpones_it(told_scene: Scene) -> None:
    told_scene.sandbox.fault(kind="limit", method=METHOD, times=1)
    job = told_scene.finish(long_job(told_scene))
    assert notifications(told_scene) == []
    assert job.notice_due_at is not None

    told_scene.let_time_pass()
    Job.objects.update(notice_due_at=timezone.now())
    told_scene.work()

    assert len(notifications(told_scene)) == 1


@pytest.mark.parametrize("kind", ["cut_after", "cut_before", "http502", "error", "wrong_json"])
def test_whatever_is_answered_there_is_no_second_one(told_scene: Scene, kind: str) -> None:
    told_scene.sandbox.fault(kind=kind, method=METHOD, times=1)
    job = told_scene.finish(long_job(told_scene))

    for _ in range(2):
        told_scene.let_time_pass()
        told_scene.work()

    assert told_scene.asked(METHOD) == 1
    assert told_scene.items(job) == [("terminated", "")] * 2


def test_a_process_that_dies_after_noting_it_leaves_nothing_to_double(told_scene: Scene) -> None:
    job = long_job(told_scene)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.FINISHED, finished_at=timezone.now(), notice_due_at=timezone.now(), terminated=2
    )
    turn = turns.take(job.portal_id)
    assert turn is not None
    found = notices.next_job(job.portal_id, timezone.now())
    assert found is not None

    request = next(notices.tell(turn, found, client_for(told_scene.actor.grant)))
    turn.release()

    assert request is not None
    assert notices.next_job(job.portal_id, timezone.now()) is None


def test_an_expired_pair_is_renewed_for_it(told_scene: Scene) -> None:
    told_scene.sandbox.control("POST", "/portals/1/tokens/expire")

    told_scene.finish(long_job(told_scene))

    assert len(notifications(told_scene)) == 1


def test_a_removed_application_tells_nobody(told_scene: Scene) -> None:
    job = long_job(told_scene)
    lifecycle.uninstall(told_scene.actor.portal.pk)

    told_scene.finish(job)

    assert told_scene.asked(METHOD) == 0
    assert Job.objects.get().notice_due_at is None


@pytest.mark.parametrize("chosen", ["", "pl"])
def test_it_is_told_in_the_persons_language(
    told_scene: Scene, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    AccessGrant.objects.update(language="de")
    if chosen:
        Preference.objects.create(grant=AccessGrant.objects.get(), language=chosen)
    job = told_scene.finish(long_job(told_scene))
    spoken: list[str | None] = []

    def sentence(_job: Job) -> str:
        spoken.append(translation.get_language())
        return ""

    monkeypatch.setattr(summaries, "sentence", sentence)
    notices.text_of(Job.objects.select_related("portal").get(pk=job.pk))

    assert spoken == [chosen or "de"]
