"""The summary of a finished job, and what failed of it: by reason, with the portal's words and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.terminations.jobs import summaries
from bxapp.terminations.models import Item, Job
from bxapp.terminations.screens import advice, failures
from bxapp.terminations.states import JobState, Outcome, Reason
from tests.terminations.scene import text_of

if TYPE_CHECKING:
    from django.test import Client

    from tests.terminations.scene import Scene

# Reasons of outcomes that are no failures.
NO_FAILURE = {
    Reason.NONE,
    Reason.GONE_BEFORE,
    Reason.GONE_AFTER_ERROR,
    Reason.STOPPED_BY_OTHER_JOB,
    Reason.ANSWER_LOST,
    Reason.CANCELLED_BY_PERSON,
    Reason.UNINSTALLED,
    Reason.CAME_BACK,
}


@pytest.fixture
def failed(scene: Scene) -> Job:
    """A finished job of 30 workflows of which 6 failed for three reasons."""
    job = scene.queue([f"{number:014x}.00000000" for number in range(30)])
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        state=JobState.FINISHED,
        created_at=now - timedelta(seconds=98),
        finished_at=now,
        terminated=24,
        failed=6,
    )
    wrong = [
        (Reason.DAMAGED, "EmptyWorkflowInstance"),
        (Reason.DAMAGED, "EmptyWorkflowInstance"),
        (Reason.DAMAGED, "Empty root activity"),
        (Reason.DAMAGED, "<b>WorkflowNotFound</b>"),
        (Reason.DAMAGED, "InvalidAttemptToLoad"),
        (Reason.BEING_EXECUTED, ""),
    ]
    items = list(job.items.order_by("position"))
    for item, (reason, words) in zip(items, wrong, strict=False):
        _end(item, Outcome.FAILED, reason, words)
    for item in items[len(wrong) :]:
        _end(item, Outcome.TERMINATED, Reason.NONE, "")
    job.refresh_from_db()
    return job


def _end(item: Item, outcome: Outcome, reason: Reason, words: str) -> None:
    Item.objects.filter(pk=item.pk).update(
        state="done", outcome=outcome, reason=reason, portal_words=words, finished_at=timezone.now()
    )


def test_failures_by_reason_the_most_frequent_first(failed: Job) -> None:
    damaged, executing = failures.of_job(failed)

    assert (damaged.reason, damaged.count) == (Reason.DAMAGED, 5)
    assert damaged.words[0] == "EmptyWorkflowInstance"
    assert (len(damaged.words), damaged.other_words) == (3, 1)
    assert (executing.reason, executing.count, executing.words) == (Reason.BEING_EXECUTED, 1, [])


def test_the_page_says_what_to_do_about_each(failed: Job, frame: Client) -> None:
    page = text_of(frame.get(f"/jobs/{failed.pk}/"))

    assert "Why some failed, and what to do" in page
    assert '<strong class="failures__count">5</strong> <p>Its stored state in the portal is damaged.' in page
    assert "Retrying does not help. Download the list as CSV" in page
    assert "its template runs in a loop" in page
    assert '<q dir="auto">EmptyWorkflowInstance</q>' in page
    assert "<b>" not in page
    assert f'hx-post="/jobs/{failed.pk}/retry/"' in page


def test_where_nothing_failed_nothing_is_said(scene: Scene, frame: Client) -> None:
    job = scene.finish(scene.queue(scene.add(1)))

    assert "what to do" not in text_of(frame.get(f"/jobs/{job.pk}/"))


def test_every_reason_of_a_failure_has_its_advice() -> None:
    assert set(advice.ADVICE) == set(Reason.values) - NO_FAILURE


def test_the_sentence_to_be_copied(failed: Job, frame: Client) -> None:
    assert summaries.sentence(failed) == "24 terminated, 6 failed, in 1 min 38 s"

    page = text_of(frame.get(f"/jobs/{failed.pk}/"))

    assert (
        '<p class="summary" id="job-summary" role="status">24 terminated, 6 failed, in 1 min 38 s</p>' in page
    )
    assert 'data-copy="job-summary">Copy summary</button>' in page
    assert f'href="/jobs/{failed.pk}/csv/" download="flowstop-job-{failed.pk}.csv"' in page


def test_all_outcomes_in_the_sentence() -> None:
    now = timezone.now()
    job = Job(
        terminated=1262,
        already_finished=18,
        failed=4,
        cancelled=1,
        created_at=now - timedelta(seconds=38),
        finished_at=now,
    )

    assert (
        summaries.sentence(job) == "1,262 terminated, 18 had already finished, 4 failed, 1 cancelled, in 38 s"
    )


def test_a_finished_job_still_has_its_bar_and_counts(failed: Job, frame: Client) -> None:
    page = text_of(frame.get(f"/jobs/{failed.pk}/"))

    assert '<progress class="progress" value="30" max="30" aria-label="Progress">' in page
    for code in Outcome.values:
        assert f'id="count-{code}"' in page
