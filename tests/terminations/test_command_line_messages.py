"""``manage.py workflows terminate``: messages with placeholders, and a job that somebody pauses meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.terminations.command_line import following
from bxapp.terminations.command_line.progress import Progress
from bxapp.terminations.jobs.pausing import pause
from bxapp.terminations.models import Job
from tests.terminations.terminal import a_worker, typed

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


def test_a_message_with_placeholders(scene: Scene) -> None:
    (workflow_id,) = scene.add(document_id="DEAL_1633", document_name="ACME renewal", template_id=11)

    with a_worker(scene.actor.portal.pk):
        typed("terminate", workflow_id, "--message", "{document} by {{user}}", "--yes")

    assert scene.record(workflow_id)["title"] == "Deal 1633 · ACME renewal by {user}"


@pytest.mark.parametrize(
    ("message", "is_told"), [("Stopped \N{PARTY POPPER}", True), ("Остановлен ✓", False)]
)
def test_a_message_that_some_portals_cut(scene: Scene, message: str, is_told: bool) -> None:
    scene.add()

    ended = typed("terminate", "--all", "--dry-run", "--message", message)

    assert ("Some portals cut the message at emoji and other rare characters." in ended.said) is is_told


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("{name}", "--message: There is no placeholder {name}."),
        ("{document}" + "x" * 245, "--message: With its placeholders"),
    ],
)
def test_a_message_that_cannot_be_filled_in_stops_nothing(scene: Scene, message: str, sentence: str) -> None:
    (workflow_id,) = scene.add(document_id="DEAL_1633", document_name="ACME renewal", template_id=11)

    ended = typed("terminate", workflow_id, "--message", message, "--yes")

    assert ended.code == 2
    assert sentence in ended.said
    assert not Job.objects.exists()


def test_a_paused_job_is_not_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    (workflow_id,) = scene.add()
    monkeypatch.setattr(following, "PICK_UP_SECONDS", 60)

    def pause_it(*_: object) -> None:
        pause(scene.actor, Job.objects.get().pk)

    monkeypatch.setattr(Progress, "show", pause_it)

    ended = typed("terminate", workflow_id, "--message", "Stopped", "--yes")

    assert ended.code == 4
    assert "Somebody has paused it" in ended.out
