"""Each way in which a workflow of a job can end, by the portal's own record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bxapp.terminations.models import Item
from bxapp.terminations.states import ItemState, JobState
from tests.terminations.scene import MESSAGE

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


def test_it_works(scene: Scene) -> None:
    ids = scene.add(3)
    bystander = scene.add(1)[0]

    job = scene.queue(ids)
    scene.work()

    job.refresh_from_db()
    assert job.state == JobState.FINISHED
    assert scene.items(job) == [("terminated", "")] * 3
    assert [record["title"] for record in scene.records(ids)] == [MESSAGE] * 3
    assert [record["terminate_calls"] for record in scene.records(ids)] == [1] * 3
    assert scene.record(bystander)["state"] == "running"
    assert [(entry.workflow_id, entry.message, entry.outcome) for entry in scene.audited(job)] == [
        (workflow_id, MESSAGE, "terminated") for workflow_id in ids
    ]


def test_one_that_had_ended_before_its_turn(scene: Scene) -> None:
    gone, running = scene.add(2)
    job = scene.queue([gone, running])
    scene.sandbox.control("POST", f"/portals/1/workflows/{gone}", end=0)

    scene.finish(job)

    assert scene.outcomes(job) == {gone: ("already_finished", "gone_before"), running: ("terminated", "")}
    assert scene.record(gone)["terminate_calls"] == 0


def test_a_batch_with_one_that_breaks_the_portal(scene: Scene) -> None:
    before, bad, after = scene.add(5), scene.add(1, "php_failure")[0], scene.add(6)
    job = scene.queue([*before, bad, *after])

    scene.finish(job)

    assert scene.outcomes(job).pop(bad) == ("failed", "breaks_portal")
    assert {ending[0] for workflow_id, ending in scene.outcomes(job).items() if workflow_id != bad} == {
        "terminated"
    }
    assert scene.record(bad)["state"] == "running"
    assert all(record["ended_how"] == "terminate" for record in scene.records([*before, *after]))
    assert all(record["terminate_calls"] == 1 for record in scene.records([*before, *after]))


def test_one_whose_stored_state_is_damaged(scene: Scene) -> None:
    good, bad = scene.add(2), scene.add(1, "corrupt")[0]
    job = scene.queue([*good, bad])

    scene.finish(job)

    assert scene.outcomes(job)[bad] == ("failed", "damaged")
    assert scene.record(bad)["terminate_calls"] == 3
    assert job.items.get(workflow_id=bad).portal_words
    assert scene.audited(job)[-1].portal_words == job.items.get(workflow_id=bad).portal_words


def test_a_call_that_stops_halfway_is_repeated(scene: Scene) -> None:
    halfway = scene.add(1, "halfway")[0]
    job = scene.queue([halfway, *scene.add(1)])

    scene.finish(job)

    assert scene.outcomes(job)[halfway] == ("terminated", "")
    assert scene.record(halfway)["terminate_calls"] == 2


def test_a_title_that_the_portal_refuses_after_the_stop(scene: Scene) -> None:
    refused = scene.add(1, "title_refused")[0]
    job = scene.queue([refused])

    scene.finish(job)

    assert scene.outcomes(job)[refused] == ("already_finished", "gone_after_error")
    assert "query error" in job.items.get().portal_words


def test_one_that_is_being_executed_is_left_alone_until_it_is_idle(scene: Scene) -> None:
    executing = scene.add(1, "executing", seconds=600.0)[0]
    job = scene.queue([executing])

    scene.work()
    assert scene.record(executing)["terminate_calls"] == 0
    assert job.items.get().executing_since is not None
    scene.save(executing)
    scene.finish(job)

    assert scene.outcomes(job)[executing] == ("terminated", "")
    assert not scene.record(executing)["became_ghost"]


def test_one_that_never_comes_to_rest(scene: Scene) -> None:
    executing = scene.add(1, "executing", seconds=600)[0]
    job = scene.queue([executing])

    for minute in range(11):
        assert scene.outcomes(job)[executing] == ("", ""), f"{minute} minutes"
        scene.work()
        scene.let_time_pass(timedelta(minutes=1))

    assert scene.outcomes(job)[executing] == ("failed", "being_executed")
    assert scene.record(executing)["terminate_calls"] == 0


@pytest.mark.parametrize("message", ["$result[stop0]", "Stopped <script>", "Ende: Straße №5 — 你好"])
def test_a_message_arrives_as_typed(scene: Scene, message: str) -> None:
    scene.sandbox.settings(proactive_filter=True)
    ids = scene.add(3)

    job = scene.finish(scene.queue(ids, message))

    assert [record["title"] for record in scene.records(ids)] == [message] * 3
    assert job.terminated == 3


def test_more_than_one_batch(scene: Scene) -> None:
    ids = scene.add(120)
    job = scene.queue(ids)

    scene.work()

    job.refresh_from_db()
    assert (job.state, job.terminated) == (JobState.FINISHED, 120)
    assert not Item.objects.exclude(state=ItemState.DONE).exists()
    assert len(scene.audited(job)) == 120
