"""``manage.py workflows``: the screen's engine from a terminal."""

from __future__ import annotations

import io
import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db.models import F

from bxapp.audit.models import AuditEntry
from bxapp.bitrix.webhooks import read_webhook
from bxapp.journal.models import JournalEntry
from bxapp.portals.models import AccessGrant, Portal
from bxapp.terminations.command_line import following
from bxapp.terminations.command_line.own_worker import OwnWorker
from bxapp.terminations.engine import ghosts
from bxapp.terminations.jobs import recording, verdicts
from bxapp.terminations.models import Job
from tests.terminations.terminal import a_worker, typed

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.terminations.scene import Scene

MESSAGE = "Stopped from the command line"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for what came back after a second instead of twenty."""
    monkeypatch.setattr(recording, "FIRST_GHOST_LOOK", timedelta(seconds=1))


@pytest.fixture
def by_webhook(scene: Scene, settings: Settings) -> Scene:
    """The same portal, by an administrator's webhook, and nothing else."""
    settings.BITRIX24_WEBHOOK = read_webhook(scene.sandbox.portal()["webhooks"][0], allow_insecure=True)
    Portal.objects.update(state=Portal.State.UNINSTALLED)
    return scene


# --- list ------------------------------------------------------------------------------------------------


def test_the_list_is_a_table(scene: Scene) -> None:
    (workflow_id,) = scene.add(document_id="DEAL_1633", document_name="ACME renewal", template_id=11)

    listed = typed("list")

    head, line = listed.out.splitlines()
    assert head.split()[0] == "ID"
    assert workflow_id in line
    assert "Deal 1633" in line
    assert "[11]" in line
    assert listed.code == 0


def test_people_who_were_dismissed_rules_and_waiting(scene: Scene) -> None:
    (rule,) = scene.add(template_id=31, started_by=6)
    (waiting,) = scene.add(template_id=11, started_by=1, task_users=[8, 1], with_task=True)
    scene.add(template_id=11, started_by=1, task_users=[1], with_task=True)

    by_dismissed = typed("list", "--json", "--starter", "dismissed", "--origin", "rules")
    for_dismissed = typed("list", "--json", "--waits-for", "dismissed", "--state", "running")

    assert [one["id"] for one in by_dismissed.lines] == [rule]
    assert [one["id"] for one in for_dismissed.lines] == [waiting]


def test_the_list_as_json_is_filtered(scene: Scene) -> None:
    old = scene.add(2, age_seconds=90 * 86400, template_id=11)
    scene.add(2, age_seconds=60, template_id=11)
    scene.add(1, age_seconds=90 * 86400, template_id=12)

    listed = typed("list", "--json", "--template", "11", "--started-before", "30d")

    assert [one["id"] for one in listed.lines] == old
    assert listed.lines[0]["template"]["id"] == 11
    assert listed.lines[0]["state"] == "running"


def test_a_text_of_the_portal_cannot_play_with_the_terminal(scene: Scene) -> None:
    scene.add(document_name="\x1b[2Jgone\r\nforged line", with_task=True)

    listed = typed("list")

    assert "\x1b" not in listed.out
    assert len(listed.out.splitlines()) == 2


# --- terminate -------------------------------------------------------------------------------------------


def test_workflows_by_their_ids(scene: Scene) -> None:
    ids = scene.add(3)

    with a_worker(scene.actor.portal.pk):
        ended = typed("terminate", *ids[:2], "--message", MESSAGE, "--yes")

    assert (ended.code, ended.out) == (0, "Job 1: 2 terminated.\n")
    assert [one["title"] for one in scene.records(ids[:2])] == [MESSAGE] * 2
    assert scene.record(ids[2])["state"] == "running"


def test_the_audit_log_names_the_person_and_the_operator(scene: Scene) -> None:
    (workflow_id,) = scene.add(document_id="DEAL_1633", document_name="ACME renewal", with_task=True)

    with a_worker(scene.actor.portal.pk):
        typed("terminate", workflow_id, "--message", MESSAGE, "--yes")

    outcome = AuditEntry.objects.get(kind=AuditEntry.Kind.OUTCOME)
    assert outcome.actor_id == 1
    assert outcome.actor_name.startswith("Anna Berg (command line")
    assert (outcome.document, outcome.message) == ("Deal 1633 · ACME renewal", MESSAGE)
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.JOB_QUEUED).count() == 1


def test_a_file_of_ids(scene: Scene, tmp_path: Path) -> None:
    ids = scene.add(3)
    file = tmp_path / "ids.txt"
    file.write_text(f"# old ones\n{ids[0]}\n\n  {ids[1]}  # the second\n{ids[0]}\n", encoding="utf-8")

    with a_worker(scene.actor.portal.pk):
        ended = typed("terminate", "--file", str(file), "--message", MESSAGE, "--yes", "--expect", "2")

    assert ended.out == "Job 1: 2 terminated.\n"


def test_ids_from_the_input(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    (workflow_id,) = scene.add()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{workflow_id}\n"))

    with a_worker(scene.actor.portal.pk):
        assert typed("terminate", "--file", "-", "--message", MESSAGE, "--yes").code == 0


def test_a_filter_with_the_number_that_is_expected(scene: Scene) -> None:
    deals = scene.add(60, template_id=11)
    others = scene.add(5, template_id=12)

    with a_worker(scene.actor.portal.pk):
        ended = typed("terminate", "--template", "11", "--expect", "60", "--message", MESSAGE, "--yes")

    assert ended.out == "Job 1: 60 terminated.\n"
    assert {one["state"] for one in scene.records(deals)} == {"ended"}
    assert {one["state"] for one in scene.records(others)} == {"running"}


def test_another_number_than_expected_stops_nothing(scene: Scene) -> None:
    scene.add(3, template_id=11)

    ended = typed("terminate", "--template", "11", "--expect", "2", "--message", MESSAGE, "--yes")

    assert ended.code == 3
    assert "Expected 2, but it is 3" in ended.said
    assert not Job.objects.exists()


def test_a_dry_run_shows_and_stops_nothing(scene: Scene) -> None:
    (workflow_id,) = scene.add(template_id=11)

    ended = typed("terminate", "--template", "11", "--message", MESSAGE, "--dry-run")
    by_id = typed("terminate", workflow_id, "65e5a449e8f135.21284909", "--message", MESSAGE, "--dry-run")

    assert workflow_id in ended.out
    assert "1 would be stopped" in ended.said
    assert "65e5a449e8f135.21284909 is not in the portal's list" in by_id.said
    assert (ended.code, by_id.code) == (0, 0)
    assert not Job.objects.exists()


def test_one_that_is_not_there_any_more_has_already_finished(scene: Scene) -> None:
    with a_worker(scene.actor.portal.pk):
        ended = typed("terminate", "65e5a449e8f135.21284909", "--message", MESSAGE, "--yes", "--json")

    told = json.loads(ended.out)
    assert ended.code == 0
    assert told["counts"]["already_finished"] == 1
    assert told["items"][0]["reason"] == "gone_before"


def test_what_could_not_be_stopped_is_named_with_the_portals_words(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "_ATTEMPT_PAUSES", (timedelta(0), timedelta(0)))
    (good,) = scene.add()
    (bad,) = scene.add(behaviour="corrupt")

    with a_worker(scene.actor.portal.pk):
        ended = typed("terminate", good, bad, "--message", MESSAGE, "--yes")

    first, second = ended.out.splitlines()
    assert ended.code == 1
    assert first == "Job 1: 1 terminated, 1 failed."
    assert bad in second
    assert "Only Bitrix24's support can help" in second


def test_without_a_worker_the_command_works_by_itself(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    # One look is enough after a job that was short, and on a busy machine none is.
    monkeypatch.setattr(ghosts, "_SHORT", timedelta(minutes=1))
    ids = scene.add(60)

    ended = typed("terminate", "--all", "--expect", "60", "--message", MESSAGE, "--yes")

    assert (ended.code, ended.out) == (0, "Job 1: 60 terminated.\n")
    assert {one["title"] for one in scene.records(ids)} == {MESSAGE}
    assert Job.objects.get().ghosts_due_at is None, "the look after the job is done too"
    assert JournalEntry.objects.filter(job_id=1).count() >= 3


def test_without_a_worker_what_comes_back_is_stopped_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ghosts, "_PAUSE", timedelta(seconds=1))
    monkeypatch.setattr(following, "PICK_UP_SECONDS", 0.0)
    (workflow_id,) = scene.add()

    with scene.executed_during_calls():
        ended = typed("terminate", workflow_id, "--message", MESSAGE, "--yes", "--json")

    (item,) = json.loads(ended.out)["items"]
    assert (item["outcome"], item["reason"]) == ("terminated", "came_back")
    assert not scene.record(workflow_id)["in_list"]


def test_a_worker_that_has_the_job_is_not_disturbed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OwnWorker, "start", None)
    # On a busy machine the worker itself may take a moment.
    monkeypatch.setattr(following, "PICK_UP_SECONDS", 20.0)
    ids = scene.add(120)

    with a_worker(scene.actor.portal.pk):
        assert typed("terminate", *ids, "--message", MESSAGE, "--yes").code == 0


# --- by webhook ------------------------------------------------------------------------------------------


def test_by_webhook_without_any_installation(by_webhook: Scene) -> None:
    ids = by_webhook.add(60)

    ended = typed("terminate", *ids, "--message", MESSAGE, "--yes")

    assert ended.out == "Job 1: 60 terminated.\n"
    assert {one["ended_by"] for one in by_webhook.records(ids)} == {1}
    assert {one["auth_in"] for one in by_webhook.sandbox.asked()} == {"webhook"}
    entry = AuditEntry.objects.filter(kind=AuditEntry.Kind.OUTCOME).first()
    assert entry is not None
    assert Portal.objects.get(pk=entry.portal_id).kind == "webhook"


def test_a_webhook_that_is_not_accepted_any_more(by_webhook: Scene) -> None:
    (workflow_id,) = by_webhook.add()
    by_webhook.sandbox.control("POST", "/portals/1/users/1", active=False)

    ended = typed("terminate", workflow_id, "--message", MESSAGE, "--yes")

    assert ended.code == 6
    assert "does not accept the webhook of BITRIX24_WEBHOOK_URL" in ended.said
    assert not Job.objects.exists()


def test_a_webhook_that_ends_in_the_middle_leaves_the_job_waiting_and_a_new_one_lets_it_go_on(
    by_webhook: Scene,
) -> None:
    ids = by_webhook.add(2)
    by_webhook.sandbox.fault(
        kind="error", method="bizproc.workflow.terminate", code="INVALID_CREDENTIALS", status=401, times=1
    )
    by_webhook.sandbox.fault(
        kind="error", method="batch", code="INVALID_CREDENTIALS", status=401, skip=1, times=1
    )

    ended = typed("terminate", *ids, "--message", MESSAGE, "--yes")

    assert ended.code == 4
    assert "2 of 2 stay queued" in ended.out
    (third,) = by_webhook.add()
    assert typed("terminate", third, "--message", MESSAGE, "--yes").code == 0
    assert {job.state for job in Job.objects.all()} == {"finished"}
    assert {one["state"] for one in by_webhook.records([*ids, third])} == {"ended"}


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["terminate", "--message", "x", "--yes"], "in one way"),
        (["terminate", "a.1", "--all", "--message", "x", "--yes"], "in one way"),
        (["terminate", "a.1", "--hung", "--message", "x", "--yes"], "in one way"),
        (["terminate", "--hung", "--message", "x", "--yes"], "--expect N"),
        (["terminate", "--all", "--message", "x", "--yes"], "--expect N"),
        (["terminate", "a b", "--message", "x", "--yes"], "no workflow's ID"),
        (["terminate", "a" * 129, "--message", "x", "--yes"], "no workflow's ID"),
        (["terminate", "a.1", "--message", " ", "--yes"], "Enter a message"),
        (["terminate", "a.1", "--message", "0", "--yes"], "Enter another message"),
        (["terminate", "a.1", "--message", "x" * 256, "--yes"], "Shorten the message"),
        (["terminate", "--file", "/nowhere/ids", "--message", "x", "--yes"], "cannot be read"),
        (["terminate", "a.1", "--message", "x"], "confirm with --yes"),
        (["list", "--portal", "nowhere.example"], "not an installed portal"),
        (["list", "--user", "77"], "no administrator with the ID 77"),
        (["list", "--started-before", "soon"], "neither a span"),
    ],
)
def test_a_command_that_makes_no_sense_does_nothing(
    scene: Scene, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    ended = typed(*arguments)

    assert ended.code in {1, 2}
    assert said in ended.said
    assert not Job.objects.exists()
    assert scene.asked("bizproc.workflow.terminate") == 0


def test_a_portal_that_cannot_be_reached(scene: Scene) -> None:
    scene.sandbox.fault(kind="http502")

    ended = typed("list")

    assert ended.code == 6
    assert "cannot be reached" in ended.said


def test_rights_that_are_refused(scene: Scene) -> None:
    scene.sandbox.control("POST", "/portals/1/tokens/revoke")
    AccessGrant.objects.update(expires_at=F("expires_at") - timedelta(days=1))

    ended = typed("list")

    assert ended.code == 6
    assert "open Flowstop in the portal again" in ended.said
