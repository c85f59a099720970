"""Workflows that come back after they were stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

if TYPE_CHECKING:
    import pytest

    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene

TERMINATE, LIST = "bizproc.workflow.terminate", "bizproc.workflow.instances"
REFUSED = "QUERY_LIMIT_EXCEEDED"


def stop_while_they_resume(scene: Scene, number: int = 1) -> tuple[list[str], Job]:
    """The workflows resume between the look and the call, and save themselves after it."""
    ids = scene.add(number)
    job = scene.queue(ids)
    with scene.executed_during_calls():
        scene.work()
    assert all(record["ghost"] for record in scene.records(ids))
    return ids, job


def seen_and_not_called_for(scene: Scene) -> Job:
    """Return a job whose ghost was found; the portal refuses every call for it."""
    _, job = stop_while_they_resume(scene)
    scene.sandbox.fault(kind="error", method=TERMINATE, code=REFUSED, status=503)
    scene.let_time_pass(timedelta(minutes=1))
    scene.work()
    assert scene.items(job) == [("terminated", "came_back")]
    return job


def as_of(monkeypatch: pytest.MonkeyPatch, span: timedelta) -> None:
    present = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: present() + span)
