"""Two portals in one application: whatever an administrator of one knows of the other is of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.terminations.models import Item, Job
from tests.portals.frame import confirmed, listed_rows, opened_frame

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db

KEY = "5f0c1f6a9b7d4e3c8a2b1d0e9f8a7b6c"
MESSAGE = "Known to the first portal only"


@pytest.fixture
def first(sandbox: Sandbox) -> Client:
    return opened_frame(sandbox, 1)


@pytest.fixture
def second(sandbox: Sandbox) -> Client:
    return opened_frame(sandbox, 2)


@pytest.fixture
def job(first: Client) -> str:
    """The address of a job of the first portal."""
    return confirmed(first, listed_rows(first)[:2], key=KEY, message=MESSAGE)


def test_a_job_of_the_other_portal_is_not_there(first: Client, second: Client, job: str) -> None:
    assert first.get(job).status_code == 200

    answers = [second.get(path) for path in (job, f"{job}progress/", f"{job}csv/", f"{job}?outcome=failed")]
    answers.append(second.post(f"{job}cancel/"))

    for answer in answers:
        assert answer.status_code == 404
        assert answer["X-Flowstop-Refusal"] == "not_found"
        assert MESSAGE not in answer.content.decode()
    assert Job.objects.get().state == "queued"


def test_it_looks_like_a_job_that_never_was(second: Client, job: str) -> None:
    assert second.get(job).content == second.get("/jobs/987654321/").content


def test_lists_and_log_hold_ones_own_only(first: Client, second: Client, job: str) -> None:
    workflow_id = Item.objects.values_list("workflow_id", flat=True)[0]

    for path in ("/jobs/", "/audit/", f"/audit/?workflow={workflow_id}", "/audit/?person=1", "/settings/"):
        page = second.get(path).content.decode()
        assert MESSAGE not in page
        assert job not in page
    assert MESSAGE in first.get("/audit/").content.decode()


def test_rows_of_the_other_portal_are_no_selection(first: Client, second: Client) -> None:
    rows = listed_rows(first)[:1]
    form = {"selected": rows, "message": "m", "idempotency_key": KEY}

    assert second.post("/terminations/dialog/", {"selected": rows}).status_code == 422
    assert second.post("/terminations/", form).status_code == 422
    assert (
        second.post("/terminations/", {**form, "selected": listed_rows(second)[:1] + rows}).status_code == 422
    )
    assert not Job.objects.exists()


def test_a_key_of_the_other_portal_shows_none_of_its_jobs(second: Client, job: str) -> None:
    own = confirmed(second, listed_rows(second)[:1], key=KEY, message="Of the second portal")

    assert own != job
    assert confirmed(second, listed_rows(second)[:1], key=KEY) == own, "sent twice, it is one job"
    assert Job.objects.count() == 2


def test_a_session_is_of_its_portal_alone(sandbox: Sandbox, second: Client, job: str) -> None:
    """The same user number in both: the session names the portal, not the person alone."""
    page = second.get("/settings/").content.decode()

    assert sandbox.portals[1].removeprefix("http://") in page
    assert sandbox.portals[0].removeprefix("http://") not in page
