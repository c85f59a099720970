"""The rows of the list know what is being done to their workflows, and hear what came of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bxapp.terminations.models import Item
from bxapp.terminations.screens import row_marks
from bxapp.workflows import protected
from tests.terminations.scene import text_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tests.terminations.scene import Scene


def told(page: str) -> dict[str, tuple[str, bool]]:
    """Return the code of each marked workflow, and whether its row is locked."""
    marks = re.findall(r'data-mark-of="([^"]+)" data-mark="(\w+)" data-reason="[^"]*"( data-locks)?', page)
    return {workflow_id: (code, bool(locks)) for workflow_id, code, locks in marks}


def test_the_list_marks_what_is_being_stopped(scene: Scene, frame: Client) -> None:
    stopping, untouched = scene.add(2), scene.add(1)
    scene.queue(stopping)

    page = text_of(frame.get("/workflows/"))

    assert told(page) == dict.fromkeys(stopping, ("stopping", True))
    assert 'hx-post="/workflows/marks/"' in page
    assert f'data-workflow="{untouched[0]}"' in page


def test_without_a_job_nothing_is_asked_for_again(scene: Scene, frame: Client) -> None:
    scene.add(2)

    assert "row-marks" not in text_of(frame.get("/workflows/"))


def test_outcomes_arrive_without_a_request_to_the_portal(scene: Scene, frame: Client) -> None:
    ended, damaged = scene.add(1), scene.add(1, behaviour="corrupt")
    job = scene.queue([*ended, *damaged])
    scene.finish(job)
    scene.sandbox.forget()

    page = text_of(frame.post("/workflows/marks/", {"workflow": [*ended, *damaged]}))

    assert told(page) == {ended[0]: ("terminated", True), damaged[0]: ("failed", False)}
    assert "Only Bitrix24&#x27;s support can help" in page
    assert "hx-post" not in page, "nothing is open any more"
    assert scene.sandbox.asked("portal") == []


def test_what_failed_and_still_runs_is_an_ordinary_row_of_the_next_list(scene: Scene, frame: Client) -> None:
    scene.finish(scene.queue(scene.add(1, behaviour="corrupt")))

    assert told(text_of(frame.get("/workflows/"))) == {}


def test_tried_again_it_is_being_stopped_whatever_came_of_it_before(scene: Scene) -> None:
    (workflow_id,) = ids = scene.add(1, behaviour="corrupt")
    scene.finish(scene.queue(ids))
    scene.queue(ids)

    (mark,) = row_marks.marks(scene.actor.portal, ids)

    assert (mark.workflow_id, mark.is_open) == (workflow_id, True)


def test_another_portals_jobs_are_not_told(scene: Scene, frame: Client) -> None:
    ids = scene.add(1)
    job = scene.queue(ids)
    scene.as_another_portals(job)
    job.refresh_from_db()
    Item.objects.update(portal_id=job.portal_id)

    assert told(text_of(frame.post("/workflows/marks/", {"workflow": ids}))) == {}


@pytest.mark.parametrize("count", [1, 50])
def test_a_page_costs_one_question_to_the_database(
    scene: Scene, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ids = [f"65e5a449e8{number:04x}.21284909" for number in range(count)]
    scene.queue(ids)

    with django_assert_num_queries(1):
        assert len(row_marks.marks(scene.actor.portal, ids)) == count
    assert Item.objects.count() == count


def test_a_protected_template_is_marked_in_the_list(scene: Scene, frame: Client) -> None:
    scene.add(2, template_id=11)
    scene.add(1, template_id=31)
    protected.protect(scene.actor, 11)

    page = text_of(frame.get("/workflows/"))

    assert page.count("badge--protected") == 2
    assert not re.search(r'name="selected"[^>]*\bdisabled\b', page), "each can still be ticked"
