"""How a job is looked at: in which parts, and that nothing is left out or called for twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.terminations.engine.looking import BURST_WORKFLOWS, LOOK_AHEAD, parts
from bxapp.terminations.models import Job

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


@pytest.mark.parametrize("count", [0, 1, 400, 401, 1300, 2000, 2150, BURST_WORKFLOWS, 2400, LOOK_AHEAD])
@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("is_known", [False, True])
def test_the_looks_have_room_for_every_one(count: int, is_first: bool, is_known: bool) -> None:
    cut = parts(count, is_first=is_first, is_known=is_known)

    assert all(size > 0 for size in cut)
    assert sum(cut) == LOOK_AHEAD


def test_a_job_that_is_looked_at_in_parts_calls_for_each_workflow_once(scene: Scene) -> None:
    scene.finish(scene.queue(scene.add(60)))
    Job.objects.update(ghosts_due_at=None)
    scene.let_time_pass()
    ids = scene.add(900)
    looks = scene.asked("bizproc.workflow.instances")

    job = scene.finish(scene.queue(ids))

    # One command for each fifty, of both parts.
    assert scene.asked("bizproc.workflow.instances") - looks == 18
    assert scene.items(job) == [("terminated", "")] * 900
    records = [record for first in range(0, 900, 100) for record in scene.records(ids[first : first + 100])]
    assert {record["terminate_calls"] for record in records} == {1}


@pytest.mark.parametrize(
    ("count", "is_first", "is_known", "first"),
    [
        (400, True, True, []),  # small: one request
        (900, True, True, [300]),  # a third is called for while the rest is looked at
        (900, True, False, [200]),  # the first find the pace
        (2000, True, True, [666]),
        (2000, False, True, []),  # at work already: nobody waits for it
        (1500, True, False, [200]),
        (2000, True, False, []),  # with the requests that find the pace, the burst has none to spare
        (BURST_WORKFLOWS, True, True, []),  # every request of the burst is needed for calls
        (LOOK_AHEAD, True, True, []),  # held back by the limit of requests
    ],
)
def test_a_look_more_is_made_only_where_it_brings_something(
    count: int, is_first: bool, is_known: bool, first: list[int]
) -> None:
    cut = parts(count, is_first=is_first, is_known=is_known)

    # The last one takes whatever is left.
    assert cut == [*first, LOOK_AHEAD - sum(first)]
