"""Whose rights a job uses when its owner's are lost: nobody's, or by leave another administrator's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.utils import timezone

from bxapp.audit import sentences
from bxapp.audit.models import AuditEntry
from bxapp.portals import refreshing
from bxapp.portals.models import AccessGrant
from bxapp.terminations.engine import blocking
from bxapp.terminations.jobs import rights
from bxapp.terminations.models import Pace
from bxapp.terminations.states import BlockedReason, JobState
from tests.terminations.lending import OTHER, OWNER, queued, revoke
from tests.terminations.scene import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.test import Client

    from bxapp.bitrix.errors import BitrixError
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"


def whose(entries: Sequence[AuditEntry]) -> set[tuple[int | None, int | None]]:
    """Return who confirmed and whose rights were used, as the entries tell."""
    return {(entry.actor_id, entry.rights_of_id) for entry in entries}


def test_without_leave_the_job_waits_for_its_owner(scene: Scene) -> None:
    scene.open_again(OTHER)
    job = queued(scene, scene.add(2), leave=False)
    revoke(scene, OWNER)

    scene.work()

    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.OPEN_AGAIN)
    scene.open_again(OTHER)
    job.refresh_from_db()
    assert job.state == JobState.BLOCKED, "another administrator's coming changes nothing"


def test_an_outcome_says_in_whose_name_it_was_called_not_whose_the_job_has_now(scene: Scene) -> None:
    """One batch is answered after another's refusal has handed the job over."""
    scene.open_again(OTHER)
    ids = scene.add(30)
    learned = {"width": 5, "bears": 5, "seconds_per_command": 0.1, "deviation_seconds": 0.0}
    Pace.objects.create(portal=scene.actor.portal, memory=learned, learned_at=timezone.now())
    scene.sandbox.fault(kind="slow_after", method=TERMINATE, times=1, seconds=2.0)
    scene.sandbox.fault(kind="token_revoked", method=TERMINATE, skip=1, times=1)

    job = scene.finish(queued(scene, ids))

    called_by = {record["id"]: record["ended_by"] for record in scene.records(ids)}
    assert set(called_by.values()) == {OWNER, OTHER}
    told = {entry.workflow_id: entry.rights_of_id or OWNER for entry in scene.audited(job)}
    assert told == called_by
    assert {entry.rights_of_name for entry in scene.audited(job) if entry.rights_of_id} != {""}


@pytest.mark.parametrize("lost", ["tokens", "rights"])
def test_with_leave_it_goes_on_with_another_administrators(scene: Scene, lost: str) -> None:
    other = scene.open_again(OTHER)
    job = queued(scene, scene.add(2))
    if lost == "tokens":
        revoke(scene, OWNER)
    else:
        scene.sandbox.control("POST", "/portals/1/users/1", admin=False)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 2
    assert (job.rights_of_id, job.rights_of_name) == (OTHER, other.name)
    assert whose(scene.audited(job)) == {(OWNER, OTHER)}
    (resumed,) = scene.audited(job, AuditEntry.Kind.JOB_RESUMED)
    assert (resumed.reason, resumed.rights_of_name) == (rights.OTHER_RIGHTS, other.name)
    assert scene.audited(job, AuditEntry.Kind.JOB_BLOCKED) == []


def test_one_that_another_lets_begin_has_begun(scene: Scene) -> None:
    job = queued(scene, scene.add(2))
    revoke(scene, OWNER)
    scene.work()
    job.refresh_from_db()
    assert (job.state, job.started_at) == (JobState.BLOCKED, None)

    scene.open_again(OTHER)

    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert job.started_at is not None


def test_what_was_done_before_was_done_with_the_owners_rights(scene: Scene) -> None:
    scene.open_again(OTHER)
    job = queued(scene, scene.add(60))
    scene.sandbox.fault(kind="token_revoked", method=TERMINATE, skip=1, times=1)

    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 60
    assert whose(scene.audited(job)) == {(OWNER, None), (OWNER, OTHER)}


def test_with_nobody_left_it_waits_and_says_so_once(scene: Scene) -> None:
    scene.open_again(OTHER)
    job = queued(scene, scene.add(2))
    revoke(scene, OWNER)
    revoke(scene, OTHER)

    for _ in range(4):
        scene.work()
        scene.let_time_pass()

    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.OPEN_AGAIN)
    assert len(scene.audited(job, AuditEntry.Kind.JOB_BLOCKED)) == 1
    assert len(scene.audited(job, AuditEntry.Kind.JOB_RESUMED)) == 1


@pytest.mark.parametrize("comes", [OWNER, OTHER])
def test_then_whoever_comes_first_lets_it_go_on(scene: Scene, comes: int) -> None:
    scene.open_again(OTHER)
    job = queued(scene, scene.add(2))
    revoke(scene, OWNER)
    revoke(scene, OTHER)
    scene.work()
    scene.work()

    scene.open_again(comes)
    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 2
    assert whose(scene.audited(job)) == {(OWNER, None if comes == OWNER else OTHER)}


@pytest.mark.parametrize("late_by", ["after it was blocked", "before it was blocked"])
def test_a_job_goes_on_when_the_refused_pair_works_after_all(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, late_by: str
) -> None:
    """Two processes renew with the same token; the second is refused before the first has its answer."""
    job = queued(scene, scene.add(2), leave=False)
    scene.sandbox.control("POST", "/portals/1/tokens/expire")
    holder, grant = uuid4(), scene.actor.grant
    assert refreshing._take_lease(grant, holder)
    pair = refreshing._ask(grant, holder)
    AccessGrant.objects.update(refresh_holder=None, refresh_until=None)
    block = blocking.block

    def late(turn: HeldTurn, job: Job, error: BitrixError, *, used: AccessGrant, of_call: bool) -> bool:
        if late_by == "before it was blocked":
            refreshing._save(grant, pair)
        counts = block(turn, job, error, used=used, of_call=of_call)
        job.refresh_from_db()
        assert job.blocked_reason == BlockedReason.OPEN_AGAIN
        if late_by == "after it was blocked":
            refreshing._save(grant, pair)
        return counts

    monkeypatch.setattr(blocking, "block", late)
    scene.work()

    job.refresh_from_db()
    assert not job.blocked_reason
    assert scene.finish(job).terminated == 2
    assert len(scene.audited(job, AuditEntry.Kind.JOB_BLOCKED)) == 1
    assert len(scene.audited(job, AuditEntry.Kind.JOB_RESUMED)) == 1


def blocked_by_a_clock_ahead(job: Job) -> None:
    """Let the job's moments be those of a worker whose clock is most of a minute ahead of the web's."""
    job.refresh_from_db()
    assert job.blocked_at is not None
    job.blocked_at += timedelta(seconds=50)
    job.refused_grants = {
        key: (datetime.fromisoformat(at) + timedelta(seconds=50)).isoformat()
        for key, at in job.refused_grants.items()
    }
    job.save()


@pytest.mark.parametrize("comes", [OWNER, OTHER])
def test_whoever_comes_within_the_minute_in_which_it_was_blocked_is_enough(scene: Scene, comes: int) -> None:
    scene.open_again(OTHER)
    job = queued(scene, scene.add(2))
    revoke(scene, OWNER)
    revoke(scene, OTHER)
    scene.work()
    scene.work()
    blocked_by_a_clock_ahead(job)

    scene.open_again(comes)

    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.RUNNING, BlockedReason.NONE)
    scene.finish(job)
    assert scene.items(job) == [("terminated", "")] * 2


def test_who_has_come_again_is_not_taken_for_refused(scene: Scene) -> None:
    """The owner's pair was refused, the owner came again, and now the other's is refused."""
    scene.open_again(OTHER)
    job = queued(scene, scene.add(2))
    revoke(scene, OWNER)
    # Refused, handed over, and not worked on yet.
    scene.sandbox.fault(kind="http500", method=TERMINATE)
    scene.work()
    job.refresh_from_db()
    assert job.rights_of_id == OTHER
    job.refused_grants = {
        key: (timezone.now() + timedelta(seconds=50)).isoformat() for key in job.refused_grants
    }
    job.save()
    scene.open_again(OWNER)
    revoke(scene, OTHER)
    scene.sandbox.control("DELETE", "/faults")

    scene.finish(job)

    assert scene.items(job) == [("terminated", "")] * 2
    assert {outcome.rights_of_id for outcome in scene.audited(job)} == {None}


def test_a_pair_that_is_only_encrypted_anew_lets_nothing_go_on(scene: Scene) -> None:
    job = queued(scene, scene.add(1), leave=False)
    revoke(scene, OWNER)
    scene.work()
    grant = AccessGrant.objects.get()
    grant.state = AccessGrant.State.ACTIVE

    grant.save(update_fields=["state", "access_token"])

    job.refresh_from_db()
    assert job.state == JobState.BLOCKED


def test_who_has_lost_the_rights_loses_the_sessions_too(scene: Scene, frame: Client) -> None:
    job = queued(scene, scene.add(1), leave=False)
    scene.sandbox.control("POST", "/portals/1/users/1", admin=False)
    assert frame.get("/jobs/").status_code == 200, "nobody has asked the portal yet"

    scene.work()

    job.refresh_from_db()
    assert job.blocked_reason == BlockedReason.RIGHTS_LOST
    assert frame.get("/jobs/").status_code == 401
    refused = AuditEntry.objects.get(kind=AuditEntry.Kind.REFUSED)
    assert (refused.actor_id, refused.reason) == (OWNER, "not_administrator")
    scene.sandbox.control("POST", "/portals/1/users/1", admin=True)
    scene.open_again()
    scene.finish(job)
    assert scene.items(job) == [("terminated", "")]


def test_two_whose_rights_are_refused_are_not_tried_by_turns(scene: Scene) -> None:
    """The portal refuses both, while the authorization server has nothing against their pairs."""
    scene.open_again(OTHER)
    job = queued(scene, scene.add(1))
    scene.sandbox.fault(kind="rights_lost", method=TERMINATE)

    for _ in range(4):
        scene.work()
        scene.let_time_pass()

    job.refresh_from_db()
    assert (job.state, job.blocked_reason) == (JobState.BLOCKED, BlockedReason.RIGHTS_LOST)
    assert set(job.refused_grants) == {str(scene.actor.grant.pk)}


def test_a_reason_that_the_log_can_put_in_words() -> None:
    assert rights.OTHER_RIGHTS in sentences.HANDOVERS


def test_the_job_and_the_log_name_whose_rights_were_used(scene: Scene, frame: Client) -> None:
    other = scene.open_again(OTHER)
    job = queued(scene, scene.add(1))
    revoke(scene, OWNER)
    scene.finish(job)
    scene.open_again(OWNER)

    assert f"with the rights of <bdi>{other.name}</bdi>" in text_of(frame.get(f"/jobs/{job.pk}/"))
    log = text_of(frame.get("/audit/"))
    assert log.count(f"with the rights of <bdi>{other.name}</bdi> no. {OTHER}") == 2, (
        "going on, and the outcome"
    )
    assert "As that person allowed, it goes on" in log
