"""The application is removed from the portal while calls are under way there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bxapp.portals import removal
from bxapp.terminations.jobs import recording, turns
from bxapp.terminations.jobs import removal as jobs_removal
from bxapp.terminations.jobs.cancelling import cancel
from bxapp.terminations.states import Outcome, Reason

if TYPE_CHECKING:
    import pytest

    from tests.terminations.scene import Scene


def test_what_is_under_way_is_heard_and_the_rest_is_cancelled(scene: Scene) -> None:
    # Longer than the jobs of a portal at work are left unread, and than a busy machine is away.
    scene.sandbox.settings(1, terminate_seconds=3.0)
    ids = scene.add(12)
    job = scene.queue(ids)

    with scene.meanwhile(lambda: removal.uninstall(scene.actor.portal.pk)):
        scene.finish(job)

    outcomes = scene.outcomes(job)
    wrong = {
        workflow_id: (outcomes[workflow_id], told["ended_how"])
        for workflow_id, told in zip(ids, scene.records(ids), strict=True)
        if (told["ended_how"] == "terminate") != (outcomes[workflow_id] == (Outcome.TERMINATED, Reason.NONE))
    }
    assert wrong == {}
    assert {(Outcome.TERMINATED, Reason.NONE)} < set(outcomes.values())
    assert set(outcomes.values()) <= {
        (Outcome.TERMINATED, Reason.NONE),
        (Outcome.CANCELLED, Reason.UNINSTALLED),
    }


def test_somebody_cancels_what_the_removal_is_about_to_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scene.queue(scene.add(3))
    removal.uninstall(scene.actor.portal.pk)
    turn = turns.take(scene.actor.portal.pk)
    assert turn is not None
    write = recording.write

    def cancelled_just_before(*arguments: Any) -> None:
        monkeypatch.setattr(recording, "write", write)
        cancel(scene.actor, job.pk)
        write(*arguments)

    monkeypatch.setattr(recording, "write", cancelled_just_before)
    jobs_removal.end_void_jobs(turn)

    job.refresh_from_db()
    assert (job.is_open, job.cancelled) == (False, 3)
    assert set(scene.items(job)) == {(Outcome.CANCELLED, Reason.CANCELLED_BY_PERSON)}
    turn.release()
