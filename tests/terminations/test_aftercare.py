"""What is due for jobs that have ended is done beside others, whether or not these can go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.terminations.jobs.pausing import pause
from bxapp.terminations.models import Job
from tests.terminations.scene import short

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


@pytest.mark.parametrize("beside", ["a paused job", "a job whose workflow is being executed", "nothing"])
def test_the_look_afterwards_is_made_in_its_time(scene: Scene, beside: str) -> None:
    scene.sandbox.settings(executing_seconds=600.0)
    ended = scene.finish(scene.queue(scene.add(1)))
    if beside != "nothing":
        is_paused = beside == "a paused job"
        other = scene.queue(scene.add(1, "normal" if is_paused else "executing"))
        if is_paused:
            pause(scene.actor, other.pk)
        else:
            scene.work()
            assert other.items.get().not_before is not None
    short(ended)
    Job.objects.filter(pk=ended.pk).update(ghosts_due_at=timezone.now())

    scene.work()

    ended.refresh_from_db()
    assert ended.ghosts_due_at is None
