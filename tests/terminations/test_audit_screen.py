"""The audit log as an administrator sees it after an afternoon's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.terminations.scene import MESSAGE, text_of

if TYPE_CHECKING:
    from django.test import Client

    from tests.terminations.scene import Scene


def test_what_happened(scene: Scene, frame: Client) -> None:
    ids = scene.add(3)
    scene.finish(scene.queue(ids))

    page = text_of(frame.get("/audit/"))

    assert page.count("badge badge--terminated") == 3
    assert all(workflow_id in page for workflow_id in ids)
    assert page.count(MESSAGE) == 5
    assert "Deal 1633 · ACME renewal" in page
    assert "Termination confirmed: 3 workflows" in page
    assert "Application installed" in page
    assert "Job finished: 3 workflows" in page
    assert "3 terminated" in page


def test_the_story_of_one_workflow(scene: Scene, frame: Client) -> None:
    ids = scene.add(3)
    scene.finish(scene.queue(ids))

    page = text_of(frame.get(f"/audit/?workflow={ids[1]}&outcome=terminated&person=1"))

    assert page.count("badge badge--terminated") == 1
    assert ids[0] not in page
    assert f'value="{ids[1]}"' in page
    assert '<option value="1" dir="auto" selected>' in page
