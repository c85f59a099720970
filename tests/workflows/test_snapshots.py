"""Everything that runs, as an exact list, while rows vanish and appear."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from django.utils import timezone

from bxapp.bitrix.errors import BitrixError
from bxapp.portals import grants
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.sessions import Actor, Channel
from bxapp.workflows import keeping, snapshot_steps, snapshots
from tests.workflows.conftest import WORKFLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.bitrix.answers import BatchAnswer
    from bxapp.bitrix.client import Client, Command
    from tests.portals.sandbox import Sandbox
    from tests.workflows.conftest import Frame

pytestmark = pytest.mark.django_db


def _listed(sandbox: Sandbox) -> set[str]:
    record = sandbox.control("GET", "/portals/1/workflows?state=running")
    return {str(one["id"]) for one in record if one["in_list"]}


def _client() -> Client:
    return grants.client_for(AccessGrant.objects.get())


def _end(sandbox: Sandbox, workflow_id: str) -> None:
    sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)


@pytest.mark.usefixtures("frame")
@pytest.mark.parametrize("pad_space", [True, False])
@pytest.mark.parametrize("expected", [0, 1, 120, 5000])
def test_it_is_complete_whatever_was_expected(sandbox: Sandbox, expected: int, pad_space: bool) -> None:
    sandbox.settings(pad_space=pad_space)

    page = snapshots.take(_client(), expected)

    ids = [instance.id for instance in page.instances]
    assert set(ids) == _listed(sandbox)
    assert ids == sorted(ids)


@pytest.mark.usefixtures("frame")
@pytest.mark.parametrize("count", [0, 1, 50, 100])
def test_full_and_empty_last_pages(sandbox: Sandbox, count: int) -> None:
    for workflow_id in sorted(_listed(sandbox))[count:]:
        _end(sandbox, workflow_id)

    assert len(snapshots.take(_client(), 120).instances) == count


@pytest.mark.usefixtures("frame")
def test_rows_that_vanish_hide_no_others_and_new_ones_do_no_harm(sandbox: Sandbox) -> None:
    before = _listed(sandbox)
    vanished: list[str] = []

    class Interrupted:
        """The portal's client; after each request some workflows end that were listed, and one begins."""

        def batch(self, commands: Mapping[str, Command]) -> BatchAnswer:
            answers = client.batch(commands)
            meanwhile()
            return answers

    client = _client()

    def meanwhile() -> None:
        for workflow_id in sorted(before - set(vanished))[:7]:
            _end(sandbox, workflow_id)
            vanished.append(workflow_id)
        sandbox.control("POST", "/portals/1/workflows", age_seconds=0)

    page = snapshots.take(cast("Client", Interrupted()), 120, pages_per_request=1)

    found = {instance.id for instance in page.instances}
    assert len(vanished) >= 14
    assert before - set(vanished) <= found
    assert len(found) == len(page.instances)


@pytest.mark.usefixtures("frame")
def test_more_than_a_selection_holds_is_said(sandbox: Sandbox) -> None:
    with pytest.raises(snapshots.TooLarge):
        snapshots.take(_client(), 120, largest=100)


@pytest.mark.usefixtures("frame")
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http500"},
        {"kind": "cut_after"},
        {"kind": "operating", "method": "bizproc.workflow.instances", "skip": 2},
        {"kind": "wrong_json", "shape": "list"},
    ],
)
def test_a_list_with_a_gap_is_none(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    sandbox.fault(**fault)

    with pytest.raises(BitrixError):
        snapshots.take(_client(), 120)


def test_names_that_do_not_come_are_missing_and_no_more(frame: Frame, sandbox: Sandbox) -> None:
    for method in ("user.get", "bizproc.task.list", "bizproc.workflow.template.list"):
        sandbox.fault(kind="operating", method=method)

    page = snapshots.take(_client(), 120)

    assert {instance.id for instance in page.instances} == _listed(sandbox)
    assert (page.people, page.templates, page.document_names) == ({}, {}, {})


@pytest.mark.usefixtures("frame")
def test_the_kept_list_says_since_when_it_was_read_and_who_was_idle(sandbox: Sandbox) -> None:
    before = timezone.now()
    sandbox.control("POST", "/portals/1/workflows", count=3, behaviour="hung", age_seconds=3600)
    actor = Actor(Portal.objects.get(), AccessGrant.objects.get(), Channel.FRAME)
    snapshot = snapshot_steps.begin(actor, "", WORKFLOWS)
    snapshot_steps.read(snapshot.pk, 60.0)

    kept = keeping.kept(actor.portal, snapshot.selection.reference)

    assert kept.read_at is not None
    # SQLite keeps milliseconds of its own clock.
    assert before - timedelta(milliseconds=2) <= kept.read_at <= timezone.now()
    record = sandbox.control("GET", "/portals/1/workflows?state=running")
    listed = [one for one in record if one["in_list"]]
    idle = {one["id"] for one in listed if one["owned_until"] is None or one["hung"]}
    assert any(one["hung"] for one in listed)
    assert {one.id for one in kept.workflows if one.is_idle} == idle
    assert 0 < len(idle) < kept.count
