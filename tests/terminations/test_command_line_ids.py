"""``manage.py workflows terminate`` with IDs that the portal lists in another case, or does not list."""

from __future__ import annotations

from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING

from bxapp.audit import sentences
from bxapp.audit.models import AuditEntry
from bxapp.bitrix import methods
from bxapp.portals.grants import client_for
from bxapp.terminations.command_line.own_worker import OwnWorker
from bxapp.terminations.jobs import recording
from bxapp.terminations.models import Job
from tests.terminations.terminal import a_worker, typed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance
    from tests.terminations.scene import Scene


MESSAGE = "Stopped from the command line"


def test_ids_in_another_case_are_those_of_the_portal(scene: Scene) -> None:
    # Letters are in nearly every ID, which begins with the time in hexadecimal digits.
    running, other, ended = scene.add(3)
    scene.sandbox.control("POST", f"/portals/1/workflows/{ended}", end=0)
    scene.sandbox.forget()

    with a_worker(scene.actor.portal.pk):
        done = typed(
            "terminate", running.upper(), running, other, ended.upper(), "--message", MESSAGE, "--yes"
        )

    assert done.out == "Job 1: 2 terminated, 1 had already finished.\n"
    assert f"{running.upper()} is taken for {running}." in done.said
    assert [one["title"] for one in scene.records([running, other])] == [MESSAGE] * 2
    kept = set(Job.objects.get().items.values_list("workflow_id", flat=True))
    assert kept == {running, other, ended}
    assert set(AuditEntry.objects.filter(workflow_id__gt="").values_list("workflow_id", flat=True)) == kept


def test_a_portal_that_tells_cases_apart_is_asked_in_the_usual_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workflow_id,) = scene.add()
    listed = methods.named

    def exactly(client: Client, ids: Iterable[str]) -> dict[str, Instance]:
        return {one: instance for one, instance in listed(client, ids).items() if instance.id == one}

    monkeypatch.setattr(methods, "named", exactly)
    with a_worker(scene.actor.portal.pk):
        done = typed("terminate", workflow_id.upper(), "--message", MESSAGE, "--yes")

    assert done.out == "Job 1: 1 terminated.\n"
    assert scene.record(workflow_id)["title"] == MESSAGE


def first_run(scene: Scene, *, lasting_seconds: float) -> str:
    """Start a workflow in the portal, whose first run lasts a while; return its ID."""
    record = scene.record(*scene.add(template_id=11))
    document = [record["module_id"], record["entity"], record["document_id"]]
    scene.sandbox.settings(first_run_seconds=lasting_seconds)
    started = {"TEMPLATE_ID": 11, "DOCUMENT_ID": document}
    return str(client_for(scene.actor.grant).call("bizproc.workflow.start", started).result)


def test_one_that_runs_for_the_first_time_is_not_told_to_have_ended(scene: Scene) -> None:
    workflow_id = first_run(scene, lasting_seconds=60.0)

    with a_worker(scene.actor.portal.pk):
        ended = typed("terminate", workflow_id, "--message", MESSAGE, "--yes")

    assert scene.record(workflow_id)["state"] == "running"
    assert f"{workflow_id} is not in the portal's list: it has ended, or runs for the first" in ended.said
    (entry,) = scene.audited(Job.objects.get())
    assert sentences.reason(entry.reason) == (
        "When its turn came, it was not in the portal's list of running workflows."
    )


def test_one_whose_first_run_is_over_when_its_turn_comes_is_terminated(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "FIRST_GHOST_LOOK", timedelta(seconds=1))
    # Long enough for the command to have looked at the list before.
    workflow_id = first_run(scene, lasting_seconds=5.0)
    start = OwnWorker.start

    def start_when_listed(worker: OwnWorker) -> None:
        while not scene.record(workflow_id)["in_list"]:
            sleep(0.05)
        start(worker)

    monkeypatch.setattr(OwnWorker, "start", start_when_listed)

    ended = typed("terminate", workflow_id, "--message", MESSAGE, "--yes")

    assert f"{workflow_id} is not in the portal's list" in ended.said
    assert (ended.code, ended.out) == (0, "Job 1: 1 terminated.\n")
    assert scene.record(workflow_id)["title"] == MESSAGE


def test_of_many_that_are_not_listed_a_few_are_named(scene: Scene) -> None:
    ids = [f"65e5a449e8f135.{number:08}" for number in range(12)]

    with a_worker(scene.actor.portal.pk):
        ended = typed("terminate", *ids, "--message", MESSAGE, "--yes")

    assert ended.said.count("is not in the portal's list") == 10
    assert "Nor are 2 more; --dry-run names all." in ended.said
