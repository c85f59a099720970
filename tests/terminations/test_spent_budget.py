"""A job of a portal whose execution time is spent says what it waits for, whenever it begins."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.terminations.engine import dispatch
from bxapp.terminations.states import BlockedReason, JobState

if TYPE_CHECKING:
    from bxapp.terminations.jobs.turns import HeldTurn
    from tests.terminations.scene import Scene


@pytest.mark.parametrize("is_listed", [False, True], ids=["", "from a list"])
@pytest.mark.parametrize("count", [2, 20], ids=["a small job", "a job"])
def test_a_job_that_begins_while_the_execution_time_is_spent_says_so(
    scene: Scene, count: int, is_listed: bool
) -> None:
    moment = timezone.now() + timedelta(minutes=5)

    class Spent(dispatch._Slot):
        """One of whose jobs another has found out just now that nothing may be called for."""

        def _open(self, turn: HeldTurn) -> None:
            super()._open(turn)
            desk = self.desks[turn.portal_id]
            desk._spent_until, desk._spent_moment = time.monotonic() + 300, moment

    ids = scene.add(count)
    job = scene.queue_listed(ids, seconds=1.0) if is_listed else scene.queue(ids)
    Spent(takes_others=False).run(scene.actor.portal.pk)

    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.PORTAL_LIMIT)
    assert job.not_before == moment
    assert {record["terminate_calls"] for record in scene.records(ids)} == {0}
    assert scene.asked("bizproc.workflow.instances") == (not is_listed)
