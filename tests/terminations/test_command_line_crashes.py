"""``manage.py workflows`` when something goes wrong in the command itself: its own code and sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import OperationalError, connection

from bxapp.terminations.command_line.progress import Progress
from bxapp.terminations.jobs import queueing
from bxapp.terminations.models import Job
from bxapp.workflows import rows
from tests.terminations.terminal import typed

if TYPE_CHECKING:
    import pytest

    from tests.terminations.scene import Scene


MESSAGE = "Stopped from the command line"


def test_a_database_that_is_gone_while_the_job_is_followed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(progress: Progress, job: Job) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    monkeypatch.setattr(Progress, "show", gone)

    ended = typed("terminate", *scene.add(2), "--message", MESSAGE, "--yes")

    assert ended.code == 7
    assert "Something went wrong here: " in ended.said
    assert f"Job {Job.objects.get().pk} is queued: a worker goes on with what is left" in ended.said
    assert scene.finish(Job.objects.get()).terminated == 2


def test_a_database_that_is_gone_before_anything_was_queued(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*arguments: object) -> None:
        raise OperationalError("server closed the connection")

    ids = scene.add(2)
    with monkeypatch.context() as patched:
        patched.setattr(rows, "assemble", gone)
        listed = typed("list")
        chosen = typed("terminate", *ids, "--message", MESSAGE, "--yes")
    monkeypatch.setattr(queueing, "insert_items", gone)
    queued = typed("terminate", *ids, "--message", MESSAGE, "--yes")

    assert [listed.code, chosen.code, queued.code] == [7, 7, 7]
    assert chosen.said.endswith(
        "Something went wrong here: OperationalError (server closed the connection). Nothing was queued."
    )
    assert listed.said == chosen.said
    assert queued.said.endswith("whether one was queued, before you repeat the command.")
    assert not Job.objects.exists()
