"""The list of jobs: live while one is open, with what one may do with each; and the badge beside the link."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bxapp.terminations.models import Job, Pace
from bxapp.terminations.states import BlockedReason, JobState
from tests.terminations.scene import MESSAGE, text_of

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase
    from django.test import Client

    from tests.terminations.scene import Scene

POLL = 'hx-get="/jobs/?page=1" hx-trigger="every 2s"'
IN_PLACE = {"HX-Target": "jobs"}


def shown(scene: Scene, frame: Client, **fields: object) -> str:
    """Return the list with one job of 1,200 that has these fields."""
    job = scene.queue([f"{number:014x}.00000000" for number in range(3)])
    Job.objects.filter(pk=job.pk).update(**{"total": 1200, **fields})
    return text_of(frame.get("/jobs/"))


def test_the_first_visit_is_told_what_this_is(scene: Scene, frame: Client) -> None:
    page = text_of(frame.get("/jobs/"))

    assert "No job yet" in page
    assert page.count("<p>") == 3
    assert "hx-trigger" not in page


def test_an_open_job(scene: Scene, frame: Client) -> None:
    now = timezone.now().timestamp()
    page = shown(
        scene,
        frame,
        state=JobState.RUNNING,
        terminated=800,
        failed=4,
        marks=[[now - 20, 4], [now, 804]],
    )
    job = Job.objects.get()

    assert POLL in page
    bar = f'value="804" max="1200" aria-label="Progress of job {job.pk}">'
    assert f'<progress class="progress progress--line" {bar}' in page
    assert "804 of 1,200" in page
    assert "4 failed" in page
    assert "40 per second · about 10 s left" in page
    assert MESSAGE in page
    assert scene.actor.name in page
    assert f'aria-label="Pause job {job.pk}"' in page
    assert f'aria-label="Cancel job {job.pk}"' in page
    assert "Go on" not in page
    assert "Retry failed" not in page


def test_a_rate_that_the_portals_limit_will_not_bear_promises_nothing(scene: Scene, frame: Client) -> None:
    """1,200 calls of a second: the budget of ten minutes is 480 seconds."""
    Pace.objects.create(
        portal=scene.actor.portal, memory={"seconds_per_command": 1.0}, learned_at=timezone.now()
    )
    now = timezone.now().timestamp()

    page = shown(scene, frame, state=JobState.RUNNING, marks=[[now - 20, 0], [now, 0], [now, 800]])

    assert "about 15 min left" in page


def test_what_nobody_can_know_yet_is_not_guessed(scene: Scene, frame: Client) -> None:
    page = shown(scene, frame, state=JobState.RUNNING)

    assert "time left not known yet" in page
    assert "per second" not in page


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        (
            {"state": JobState.BLOCKED, "blocked_reason": BlockedReason.PORTAL_LIMIT},
            "waiting for the portal until ",
        ),
        (
            {"state": JobState.BLOCKED, "blocked_reason": BlockedReason.PORTAL_SILENT},
            "waiting for the portal until ",
        ),
        (
            {"state": JobState.BLOCKED, "blocked_reason": BlockedReason.OPEN_AGAIN, "not_before": None},
            "waiting for a person",
        ),
        ({"state": JobState.PAUSED, "not_before": None}, "paused"),
    ],
)
def test_a_job_that_waits_says_why_and_names_no_time_left(
    scene: Scene, frame: Client, fields: dict[str, object], state: str
) -> None:
    until = timezone.now() + timedelta(minutes=10)
    now = timezone.now().timestamp()

    page = shown(scene, frame, **{"not_before": until, "marks": [[now - 20, 0], [now, 800]], **fields})

    assert state in page
    assert " left" not in page
    assert "per second" not in page


def test_a_finished_job(scene: Scene, frame: Client) -> None:
    job = scene.finish(scene.queue([*scene.add(2), *scene.add(1, "corrupt")]))

    page = text_of(frame.get("/jobs/"))

    assert "2 terminated, 1 failed, in" in page
    assert f'hx-post="/jobs/{job.pk}/retry/"' in page
    assert "hx-trigger" not in page, "nothing changes any more"
    assert "<progress" not in page


def test_pausing_and_going_on_in_the_list(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(2))

    answer = frame.post(f"/jobs/{job.pk}/pause/", {"list": "1"})
    assert (answer.status_code, answer["Location"]) == (303, "/jobs/?page=1")
    page = text_of(frame.get("/jobs/?page=1", headers=IN_PLACE))

    assert page.startswith('<section id="jobs"')
    assert "<h1" not in page
    assert f'aria-label="Go on with job {job.pk}"' in page
    assert frame.post(f"/jobs/{job.pk}/go-on/", {"list": "1"})["Location"] == "/jobs/?page=1"
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_cancelling_in_the_list(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(2))

    assert frame.post(f"/jobs/{job.pk}/cancel/", {"list": "3"})["Location"] == "/jobs/?page=3"
    job.refresh_from_db()
    assert job.cancelled == 2


def test_on_the_jobs_own_page_one_stays_there(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(2))

    assert frame.post(f"/jobs/{job.pk}/pause/")["Location"] == f"/jobs/{job.pk}/"
    page = text_of(frame.get(f"/jobs/{job.pk}/", headers={"HX-Target": "job"}))
    assert page.startswith('<section id="job"')
    assert "<title>" not in page


def test_the_number_of_statements_is_the_same_for_any_number_of_jobs(scene: Scene, frame: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as statements:
            answer = frame.get("/jobs/")
        assert answer.status_code == 200
        return len(statements)

    scene.queue(scene.add(1))
    asked()  # what was said to the portal before is written to the journal with the first page
    for_one = asked()
    for _ in range(12):
        scene.queue(scene.add(1))

    assert asked() == for_one
    assert for_one <= 4  # who asks, how many jobs, those of the page, how many are open
    Job.objects.update(state=JobState.RUNNING)
    assert asked() <= for_one + 1


def test_a_long_job_needs_no_more_statements_than_a_short_one(scene: Scene, frame: Client) -> None:
    def asked(count: int) -> int:
        job = scene.queue([f"{count:06x}{number:08x}.00000000" for number in range(count)])
        frame.get("/jobs/")  # the journal is written
        with CaptureQueriesContext(connection) as statements:
            assert frame.get(f"/jobs/{job.pk}/progress/").status_code == 200
        return len(statements)

    for_two = asked(2)

    assert asked(200) == for_two
    assert for_two <= 7


def badge(answer: HttpResponseBase) -> str:
    page = text_of(answer)
    begins = page.index('<span id="jobs-badge"')
    return page[begins : page.index("</span>", begins)]


def test_the_badge_counts_open_jobs(scene: Scene, frame: Client) -> None:
    nothing = badge(frame.get("/jobs/"))
    assert nothing.endswith(">")
    assert "hx-get" not in nothing
    scene.finish(scene.queue(scene.add(1)))
    scene.queue(scene.add(1))
    scene.queue(scene.add(1))

    told = badge(frame.get("/jobs/badge/"))

    assert told.endswith(">2")
    assert 'aria-hidden="true"' in told, "the link beside it is called Jobs"
    assert 'hx-get="/jobs/badge/"' in told


def test_the_badge_of_another_portal_counts_its_own(scene: Scene, frame: Client) -> None:
    scene.as_another_portals(scene.queue(scene.add(1)))

    assert badge(frame.get("/jobs/badge/")).endswith(">")


def test_every_part_that_changes_brings_the_badge_along(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(1))

    for path, headers in (
        ("/jobs/", {}),
        ("/jobs/", IN_PLACE),
        (f"/jobs/{job.pk}/progress/", {}),
        ("/settings/", {}),
    ):
        told = badge(frame.get(path, headers=headers))
        assert 'hx-swap-oob="true"' in told
        assert told.endswith(">1")


def test_more_than_two_digits_have_no_room(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(1))
    for number in range(120):
        job.pk, job.idempotency_key = None, f"copy-{number}"
        job.save()

    assert badge(frame.get("/jobs/badge/")).endswith(">99+")
