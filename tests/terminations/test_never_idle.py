"""A workflow fails for never having been idle only where every look has shown it so, and none was missing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.portals.grants import WorkAccess
from bxapp.terminations.engine import claiming, looking
from bxapp.terminations.jobs import pausing, turns
from bxapp.terminations.jobs.errands import complete
from bxapp.terminations.screens import job_pages

if TYPE_CHECKING:
    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene


def _look(scene: Scene, job: Job) -> list[str]:
    """Look without a call after it, as where the execution time is spent; return who was idle."""
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None
    queued = claiming.due_queued(job, timezone.now(), 10)
    idle = complete(looking.look(turn, job, WorkAccess(job.grant, job_id=job.pk).client, queued))
    turn.release()
    return [item.workflow_id for item in idle]


def _words(job: Job) -> str:
    return job_pages.page_of(job, {}).items[0].outcome


def _pass_minutes(scene: Scene, number: int) -> None:
    for _ in range(number):
        scene.let_time_pass(timedelta(minutes=1))
        scene.work()


def test_what_was_seen_idle_begins_anew(scene: Scene) -> None:
    (workflow_id,) = scene.add(1, "executing", seconds=600.0)
    job = scene.queue([workflow_id])
    scene.work()
    assert _words(job) == "waiting until it is idle"
    scene.save(workflow_id)
    scene.let_time_pass(timedelta(minutes=1))
    assert _look(scene, job) == [workflow_id]
    assert _words(job) == "waiting"
    assert job.items.get().executing_since is not None, "its list is not believed, and it is looked for twice"

    scene.resume(workflow_id)
    _pass_minutes(scene, 10)

    assert scene.items(job) == [("", "")], "nine minutes since it was seen idle"
    _pass_minutes(scene, 1)
    assert scene.items(job) == [("failed", "being_executed")]


@pytest.mark.parametrize("minutes", [5, 11])
def test_two_looks_far_apart_tell_nothing_of_the_time_between(scene: Scene, minutes: int) -> None:
    (workflow_id,) = scene.add(1, "executing", seconds=600.0)
    job = scene.queue([workflow_id])
    scene.work()
    _pass_minutes(scene, 6)
    pausing.pause(scene.actor, job.pk)
    scene.let_time_pass(timedelta(minutes=minutes))
    pausing.go_on(scene.actor, job.pk)

    scene.work()

    assert scene.items(job) == [("", "")]
    scene.save(workflow_id)
    scene.finish(job)
    assert scene.items(job) == [("terminated", "")]
