"""What ``/metrics`` tells of jobs and workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.test import Client

from bxapp.terminations.jobs.pausing import pause

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


def test_jobs_by_state_and_workflows_by_outcome(scene: Scene) -> None:
    scene.finish(scene.queue([*scene.add(2), *scene.add(1, "corrupt")]))
    pause(scene.actor, scene.queue(scene.add(4)).pk)

    figures = Client().get("/metrics").content.decode()

    for line in (
        'flowstop_jobs{state="finished"} 1.0',
        'flowstop_jobs{state="paused"} 1.0',
        'flowstop_jobs{state="running"} 0.0',
        'flowstop_items{outcome="terminated"} 2.0',
        'flowstop_items{outcome="failed"} 1.0',
        'flowstop_items{outcome="cancelled"} 0.0',
        'flowstop_open_items{state="queued"} 4.0',
        'flowstop_open_items{state="sent"} 0.0',
    ):
        assert line in figures.splitlines()


def test_without_any_job_everything_is_nought(scene: Scene) -> None:
    figures = Client().get("/metrics").content.decode()

    assert 'flowstop_items{outcome="terminated"} 0.0' in figures.splitlines()
