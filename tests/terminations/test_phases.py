"""The line of the log that says how long each phase of a job took."""

from __future__ import annotations

import logging
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from bxapp.terminations.jobs import phases
from bxapp.terminations.jobs.cancelling import cancel

if TYPE_CHECKING:
    from tests.terminations.scene import Scene

PHASES = ("picked_up_ms", "looked_ms", "sent_ms", "recorded_ms")


@pytest.fixture(autouse=True)
def _told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    # Jobs of other tests have the same keys.
    monkeypatch.setattr(phases, "_seen", OrderedDict())
    caplog.set_level(logging.INFO, logger=phases.__name__)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, str]]:
    """The figures of each line that tells of a job's end."""
    told = [record.getMessage() for record in caplog.records if record.name == phases.__name__]
    return [dict(figure.split("=") for figure in line.split()[1:]) for line in told if "job_phases " in line]


def test_each_phase_is_told_in_milliseconds(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.sandbox.settings(terminate_seconds=0.3)
    workflow_ids = scene.add(3)
    confirmed_at = monotonic()
    job = scene.finish(scene.queue(workflow_ids))
    elapsed_seconds = monotonic() - confirmed_at

    (told,) = lines(caplog)
    assert (told["job"], told["total"], told["terminated"]) == (str(job.pk), "3", "3")
    spans = [int(told[name]) for name in PHASES]
    # One batch of three calls one after the other, or three requests at once.
    assert spans[-1] >= 300
    # The time in the queue is by the clock of the day, which may be set meanwhile.
    assert sum(spans) <= 1000 * elapsed_seconds + 50
    assert abs(sum(spans) - int(told["all_ms"])) <= len(spans), "but for rounding"
    assert told["taken_over"] == "0"


def test_what_there_was_not_is_told_as_such(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    (workflow_id,) = scene.add(1)
    job = scene.queue([workflow_id])
    scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)

    scene.finish(job)

    (told,) = lines(caplog)
    assert told["sent_ms"] == "-"
    assert int(told["looked_ms"]) >= 0
    assert told["already_finished"] == "1"


def test_a_job_that_no_slot_took_up_has_its_line_too(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    cancel(scene.actor, scene.queue(scene.add(2)).pk)

    (told,) = lines(caplog)
    assert [told[name] for name in PHASES] == ["-"] * 4
    assert told["cancelled"] == "2"


def test_phases_on_their_way_are_told_where_one_wants_to_know(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=phases.__name__)
    scene.finish(scene.queue(scene.add(1)))

    told = [
        record.getMessage().rpartition("phase=")[2] for record in caplog.records if "job_phase " in record.msg
    ]
    assert told == ["picked_up", "looked", "sent"]


def test_jobs_that_others_finish_are_forgotten(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases, "_MOST_JOBS", 2)
    jobs = [scene.queue(scene.add(1)) for _ in range(4)]

    for job in jobs:
        phases.reached(job, phases.Phase.PICKED_UP)

    assert len(phases._seen) == 2
