"""Two jobs that name the same workflow: what one has stopped, the other does not call for again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bxapp.portals.grants import client_for
from bxapp.terminations.engine import blocking, claiming, looking, sending
from bxapp.terminations.jobs import pausing, turns
from bxapp.terminations.jobs.errands import complete
from tests.terminations.test_ghosts import stop_while_it_resumes
from tests.terminations.test_turns import answered

if TYPE_CHECKING:
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Item, Job
    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
INSTANCES = "bizproc.workflow.instances"


def take(scene: Scene) -> HeldTurn:
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None
    return turn


def look(turn: HeldTurn, job: Job) -> list[Item]:
    """Look at the queued items of a job as a run does; return the idle ones."""
    client = client_for(job.grant)
    return complete(looking.look(turn, job, client, list(job.items.order_by("position"))))


def test_what_another_job_has_stopped_since_the_look_is_left_queued(scene: Scene) -> None:
    ids = scene.add(3)
    first, second = scene.queue(ids[:2]), scene.queue(ids)
    turn = take(scene)
    for job in (first, second):
        blocking.answered(turn, job)
    looked_at = look(turn, second)
    stopped = claiming.claim(turn, first, [look(turn, first)])
    sending.record(turn, first, [answered(batch) for batch in stopped])

    (claimed,) = claiming.claim(turn, second, [looked_at])

    assert [item.workflow_id for item in claimed] == ids[2:]


def test_a_workflow_seen_after_another_job_had_stopped_it_is_called_for(scene: Scene) -> None:
    _, job = stop_while_it_resumes(scene)
    second = scene.queue([item.workflow_id for item in job.items.all()])
    turn = take(scene)
    blocking.answered(turn, second)

    looked_at = look(turn, second)

    assert [len(batch) for batch in claiming.claim(turn, second, [looked_at])] == [1]


def test_a_lost_call_before_another_jobs_confirmed_one_has_stopped_nothing(scene: Scene) -> None:
    (workflow_id,) = scene.add(1)
    first = scene.queue([workflow_id])
    scene.sandbox.fault(kind="cut_before", method=TERMINATE, times=2)
    scene.sandbox.fault(kind="http500", method=INSTANCES, skip=1, times=1)
    scene.work()
    pausing.pause(scene.actor, first.pk)
    scene.let_time_pass(timedelta(seconds=20))
    scene.work()
    assert first.items.get().unheard_calls
    second = scene.finish(scene.queue([workflow_id]))
    assert scene.items(second) == [("terminated", "")]
    pausing.go_on(scene.actor, first.pk)

    scene.finish(first)

    assert scene.items(first) == [("already_finished", "stopped_by_other_job")]
    assert first.items.get().other_job_id == second.pk
