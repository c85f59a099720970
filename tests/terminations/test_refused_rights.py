"""Whose rights a request used that is refused, and whose are used where nobody else may come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.audit import sentences
from bxapp.audit.models import AuditEntry
from bxapp.portals.models import AccessGrant
from bxapp.terminations.engine import resuming
from bxapp.terminations.jobs import rights
from bxapp.terminations.jobs.cancelling import cancel
from bxapp.terminations.states import BlockedReason, ItemState, JobState
from tests.terminations.lending import OTHER, OWNER, queued, revoke
from tests.terminations.scene import text_of

if TYPE_CHECKING:
    from django.test import Client

    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene

TERMINATE, LIST = "bizproc.workflow.terminate", "bizproc.workflow.instances"


@pytest.mark.parametrize("lost", ["tokens", "rights"])
def test_what_was_asked_in_the_owners_name_is_not_charged_to_the_other(scene: Scene, lost: str) -> None:
    """Two looks begin at once, and both are refused; the first refusal hands the job over."""
    scene.open_again(OTHER)
    job = queued(scene, scene.add(500))
    if lost == "tokens":
        revoke(scene, OWNER)
    else:
        scene.sandbox.control("POST", "/portals/1/users/1", admin=False)

    scene.work()

    job.refresh_from_db()
    assert (job.state, job.terminated, job.rights_of_id) == (JobState.FINISHED, 500, OTHER)
    assert scene.audited(job, AuditEntry.Kind.JOB_BLOCKED) == []
    assert len(scene.audited(job, AuditEntry.Kind.JOB_RESUMED)) == 1
    assert AccessGrant.objects.get(user_id=OTHER).is_admin
    refused = AuditEntry.objects.filter(kind=AuditEntry.Kind.REFUSED)
    assert {entry.actor_id for entry in refused} == ({OWNER} if lost == "rights" else set())


def in_doubt_without_rights(scene: Scene) -> Job:
    """Return the owner's job whose only call nobody heard, and whose owner's pair is refused since."""
    ids = scene.add(3)
    scene.sandbox.fault(kind="cut_after", method=TERMINATE, times=1)
    scene.sandbox.fault(kind="token_revoked", method=LIST, skip=1, times=1)
    return queued(scene, ids, leave=False)


def test_who_cancels_an_absent_ones_job_asks_what_its_last_call_did(scene: Scene) -> None:
    """Else its workflows would be held for ever, also against the jobs of others."""
    other = scene.open_again(OTHER)
    job = in_doubt_without_rights(scene)
    scene.work()
    scene.let_time_pass()
    scene.work()
    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.OPEN_AGAIN)
    assert {state for (state,) in job.items.values_list("state")} == {ItemState.UNSURE}

    cancel(other, job.pk)

    assert scene.finish(job).terminated == 3
    assert set(scene.items(job)) == {("terminated", "answer_lost")}
    (told,) = scene.audited(job, AuditEntry.Kind.JOB_RESUMED)
    assert (told.reason, told.actor_id, told.rights_of_id) == (rights.CANCELLERS_RIGHTS, OTHER, None)
    assert rights.CANCELLERS_RIGHTS in sentences.HANDOVERS


def test_one_that_is_being_cancelled_may_be_so_again_by_somebody_who_can_ask(
    scene: Scene, frame: Client
) -> None:
    other = scene.open_again(OTHER)
    job = in_doubt_without_rights(scene)
    scene.sandbox.fault(kind="http500", method=LIST, skip=1, times=1)
    scene.work()
    cancel(other, job.pk)
    scene.let_time_pass()
    scene.work()
    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.CANCELLING, BlockedReason.OPEN_AGAIN)
    assert 'id="cancel-job"' in text_of(frame.get(f"/jobs/{job.pk}/"))

    cancel(other, job.pk)

    assert scene.finish(job).terminated == 3
    assert len(scene.audited(job, AuditEntry.Kind.JOB_CANCELLED)) == 1
    assert 'id="cancel-job"' not in text_of(frame.get(f"/jobs/{job.pk}/"))


@pytest.mark.parametrize("is_heard", [True, False])
def test_the_owner_may_come_back_where_the_cancellers_rights_are_lost_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, is_heard: bool
) -> None:
    """Whether the process that stored the owner's new pair lives on, or the sweep has to find it."""
    other = scene.open_again(OTHER)
    job = in_doubt_without_rights(scene)
    scene.work()
    scene.let_time_pass()
    scene.work()
    cancel(other, job.pk)
    revoke(scene, OTHER)
    scene.let_time_pass()
    scene.work()
    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.CANCELLING, BlockedReason.OPEN_AGAIN)
    assert job.grant.user_id == OTHER

    if not is_heard:
        monkeypatch.setattr(resuming, "resume_with", lambda _grant: False)
    scene.open_again(OWNER)
    if not is_heard:
        assert resuming.resume_granted() == {scene.actor.portal.pk}

    job.refresh_from_db()
    assert (job.blocked_reason, job.grant.user_id, job.rights_of_id) == (BlockedReason.NONE, OWNER, None)
    assert scene.finish(job).terminated == 3


def test_the_owner_may_have_come_back_before_the_cancellers_rights_are_lost(scene: Scene) -> None:
    other = scene.open_again(OTHER)
    job = in_doubt_without_rights(scene)
    scene.work()
    scene.let_time_pass()
    scene.work()
    cancel(other, job.pk)
    scene.open_again(OWNER)
    revoke(scene, OTHER)

    assert scene.finish(job).terminated == 3

    assert (job.grant.user_id, job.rights_of_id) == (OWNER, None)
    assert scene.audited(job, AuditEntry.Kind.JOB_RESUMED)[-1].reason == ""


def test_a_late_refusal_of_the_owner_tells_nothing_of_the_other(scene: Scene) -> None:
    """The other's pair has a higher number than the owner's, which is no renewal of the refused one."""
    scene.open_again(OTHER)
    AccessGrant.objects.filter(user_id=OTHER).update(pair_number=9)
    waiting = queued(scene, scene.add(1), leave=False)
    waiting.refused_grants = {str(AccessGrant.objects.get(user_id=OTHER).pk): timezone.now().isoformat()}
    waiting.save()
    queued(scene, scene.add(500))
    revoke(scene, OWNER)

    scene.work()

    waiting.refresh_from_db()
    assert waiting.blocked_reason == BlockedReason.OPEN_AGAIN
    assert waiting.refused_grants != {}


def test_who_cancels_what_nobody_has_to_ask_about_lends_nothing(scene: Scene) -> None:
    other = scene.open_again(OTHER)
    job = queued(scene, scene.add(3), leave=False)
    revoke(scene, OWNER)
    scene.work()

    cancel(other, job.pk)

    job.refresh_from_db()
    assert (job.state, job.cancelled, job.rights_of_id) == (JobState.FINISHED, 3, None)
