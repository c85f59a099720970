"""The dialog, its confirmation, the jobs and a job, as a page in the frame asks for them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db.models import F
from django.test import Client

from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import JobState
from bxapp.workflows.selection import pack
from tests.terminations.scene import MESSAGE, selected, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.terminations.scene import Scene

KEY = "5f0c1f6a9b7d4e3c8a2b1d0e9f8a7b6c"


def packed(scene: Scene, ids: Sequence[str], **known: object) -> list[str]:
    return [pack(scene.actor, selected(workflow_id, **known)) for workflow_id in ids]


def test_the_dialog(scene: Scene, frame: Client) -> None:
    ids = scene.add(7)

    answer = frame.post("/terminations/dialog/", {"selected": packed(scene, ids)})

    page = text_of(answer)
    assert answer.status_code == 200
    assert page.startswith("<dialog")
    assert 'aria-labelledby="termination-title"' in page
    assert '<h2 id="termination-title">Terminate workflows</h2>' in page
    assert "7 workflows will be terminated:" in page
    assert page.count("Deal 1633 · ACME renewal") == 5
    assert "and 2 more" in page
    assert f'value="Terminated by {scene.actor.name}"' in page
    assert ">Terminate 7 workflows</button>" in page
    assert 'name="selected"' not in page, "the list stays here, the page carries a reference"
    assert re.search(r'name="selection" value="[0-9a-f]{32}"', page)
    assert re.search(r'name="idempotency_key" value="[0-9a-f]{32}"', page)


def test_the_dialog_for_one(scene: Scene, frame: Client) -> None:
    answer = frame.post("/terminations/dialog/", {"selected": packed(scene, scene.add(1))})

    assert ">Terminate 1 workflow</button>" in text_of(answer)


def test_names_are_shown_as_text(scene: Scene, frame: Client) -> None:
    rows = packed(
        scene, ["65e5a449e8f135.21284909"], document_name="<b>no html</b>", template_name="<i>x</i>"
    )

    page = text_of(frame.post("/terminations/dialog/", {"selected": rows}))

    assert "&lt;b&gt;no html&lt;/b&gt;" in page
    assert "<i>" not in page


def test_confirming_makes_a_job_and_shows_it(scene: Scene, frame: Client) -> None:
    form = {"selected": packed(scene, scene.add(2)), "message": f"  {MESSAGE} ", "idempotency_key": KEY}

    answer = frame.post("/terminations/", form)
    again = frame.post("/terminations/", form)

    job = Job.objects.get()
    assert (job.message, job.total, job.idempotency_key) == (MESSAGE, 2, KEY)
    assert (answer.status_code, answer["Location"]) == (303, f"/jobs/{job.pk}/")
    assert again["Location"] == answer["Location"]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("  ", "Enter a message"),
        ("0", "Enter another message"),
        ("x" * 256, "Shorten the message"),
        ("a\0b", "Type it again"),
    ],
)
def test_a_faulty_message_comes_back_with_everything_else(
    scene: Scene, frame: Client, message: str, sentence: str
) -> None:
    rows = packed(scene, scene.add(2))

    answer = frame.post("/terminations/", {"selected": rows, "message": message, "idempotency_key": KEY})

    page = text_of(answer)
    assert answer.status_code == 422
    assert sentence in page
    assert ">Terminate 2 workflows</button>" in page
    assert f'value="{KEY}"' in page
    assert 'aria-invalid="true"' in page
    assert not Job.objects.exists()


def test_a_long_message_of_emoji_is_counted_as_the_portal_counts(scene: Scene, frame: Client) -> None:
    rows = packed(scene, scene.add(1))

    answer = frame.post("/terminations/", {"selected": rows, "message": "🛑" * 255, "idempotency_key": KEY})

    assert answer.status_code == 303


def test_nothing_chosen(scene: Scene, frame: Client) -> None:
    answer = frame.post("/terminations/dialog/", {})

    assert answer.status_code == 422
    assert "No workflow is selected" in text_of(answer)
    assert "Terminate 0" not in text_of(answer)


@pytest.mark.parametrize("value", ["", "65e5a449e8f135.21284909", "[]:signature"])
def test_rows_that_were_not_signed_here(scene: Scene, frame: Client, value: str) -> None:
    form = {"selected": [value], "message": MESSAGE, "idempotency_key": KEY}

    assert frame.post("/terminations/dialog/", form).status_code == 422
    assert frame.post("/terminations/", form).status_code == 422
    assert not Job.objects.exists()


@pytest.mark.parametrize("key", ["\0", "key\0", "k" * 65, "a key"])
def test_a_key_that_no_form_of_ours_made_counts_for_nothing(scene: Scene, frame: Client, key: str) -> None:
    form = {"selected": packed(scene, scene.add(1)), "message": MESSAGE, "idempotency_key": key}

    assert frame.post("/terminations/", form).status_code == 303
    assert re.fullmatch(r"[0-9a-f]{32}", Job.objects.get().idempotency_key)


def test_a_job_that_runs_is_polled_and_says_how_far_it_is(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(3))

    page = text_of(frame.get(f"/jobs/{job.pk}/"))

    assert 'data-job-title="0 of 3 · Stopping workflows"' in page
    assert '<progress class="progress" value="0" max="3" aria-label="Progress">' in page
    assert f'hx-get="/jobs/{job.pk}/progress/?page=1"' in page
    assert "Cancel job" in page
    assert page.count("Deal 1633 · ACME renewal") >= 3


def test_a_finished_job_is_polled_no_more(scene: Scene, frame: Client) -> None:
    job = scene.queue([*scene.add(2), "00000000000000.00000000"])
    scene.work()
    Job.objects.update(created_at=F("finished_at") - timedelta(seconds=1))

    page = text_of(frame.get(f"/jobs/{job.pk}/progress/"))

    assert "hx-get" not in page
    assert 'data-job-done="true"' in page
    assert "2 terminated, 1 had already finished, in 1 s" in page
    assert "it was not in the portal&#x27;s list of running workflows." in page
    assert "Cancel job" not in page


def test_items_of_one_outcome(scene: Scene, frame: Client) -> None:
    job = scene.queue([*scene.add(2), "00000000000000.00000000"])
    scene.work()

    page = text_of(frame.get(f"/jobs/{job.pk}/?outcome=already_finished"))

    assert page.count("badge badge--already_finished") == 1
    assert "badge badge--terminated" not in page
    assert text_of(frame.get(f"/jobs/{job.pk}/?outcome=failed")).count("None so far.") == 1


def test_pages_of_a_long_job(scene: Scene, frame: Client) -> None:
    job = scene.queue([f"{number:014x}.00000000" for number in range(60)])

    assert text_of(frame.get(f"/jobs/{job.pk}/")).count("<tr>") == 51
    second = text_of(frame.get(f"/jobs/{job.pk}/?page=2"))
    assert second.count("<tr>") == 11
    assert f'href="/jobs/{job.pk}/?page=1"' in second
    assert f'hx-get="/jobs/{job.pk}/progress/?page=2"' in second


def test_failures_show_the_portals_words(scene: Scene, frame: Client) -> None:
    scene.add(1, "corrupt")
    job = scene.finish(scene.queue(scene.add(1, "corrupt")))

    page = text_of(frame.get(f"/jobs/{job.pk}/"))

    assert "Only Bitrix24&#x27;s support can help." in page
    assert f'<q dir="auto">{Item.objects.get(job=job).portal_words}</q>' in page


def test_a_waiting_job_says_why(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(1))
    scene.sandbox.control("POST", "/portals/1/tokens/revoke")
    scene.work()

    page = text_of(frame.get(f"/jobs/{job.pk}/"))

    assert "opens the application again" in page


def test_cancelling(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(2))

    answer = frame.post(f"/jobs/{job.pk}/cancel/")

    job.refresh_from_db()
    assert answer.status_code == 303
    assert (job.state, job.cancelled) == (JobState.FINISHED, 2)


def test_the_list_of_jobs(scene: Scene, frame: Client) -> None:
    assert "No job yet" in text_of(frame.get("/jobs/"))
    job = scene.finish(scene.queue(scene.add(2)))
    scene.queue(scene.add(1))

    page = text_of(frame.get("/jobs/"))

    assert page.index("1 workflow<") < page.index("2 workflows<")
    assert f'href="/jobs/{job.pk}/"' in page
    assert "2 terminated" in page
    assert MESSAGE in page


@pytest.mark.parametrize("path", ["", "progress/"])
def test_another_portals_job_does_not_exist(scene: Scene, frame: Client, path: str) -> None:
    job = scene.queue(scene.add(1))
    scene.as_another_portals(job)

    assert frame.get(f"/jobs/{job.pk}/{path}").status_code == 404
    assert frame.post(f"/jobs/{job.pk}/cancel/").status_code == 404
    assert "No job yet" in text_of(frame.get("/jobs/"))


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("post", "/terminations/dialog/"),
        ("post", "/terminations/"),
        ("get", "/jobs/"),
        ("get", "/jobs/1/"),
        ("get", "/jobs/1/progress/"),
        ("get", "/jobs/1/csv/"),
        ("get", "/jobs/badge/"),
        ("post", "/jobs/1/cancel/"),
        ("post", "/jobs/1/pause/"),
        ("post", "/jobs/1/go-on/"),
        ("post", "/jobs/1/retry/"),
        ("post", "/terminations/preview/"),
        ("get", "/audit/"),
    ],
)
def test_nobody_enters_without_a_session(scene: Scene, verb: str, path: str) -> None:
    scene.queue(scene.add(1))

    answer = getattr(Client(), verb)(path)

    assert answer.status_code == 403
    assert MESSAGE not in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/terminations/dialog/",
        "/terminations/preview/",
        "/terminations/",
        *(f"/jobs/1/{deed}/" for deed in ("cancel", "pause", "go-on", "retry")),
    ],
)
def test_what_changes_something_takes_no_get(frame: Client, path: str) -> None:
    assert frame.get(path).status_code == 405
