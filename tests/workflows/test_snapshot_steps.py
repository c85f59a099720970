"""Everything at once, read in the background: exact while rows vanish and appear, and never a hang."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.db.models import F
from django.utils import timezone

from bxapp.bitrix.client import Client
from bxapp.portals import removal
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.sessions import Actor, Channel
from bxapp.web.refusal_texts import text_of
from bxapp.web.refusals import RefusalReason
from bxapp.workflows import keeping, protected, snapshot_steps, snapshot_views, snapshots
from bxapp.workflows.models import KeptSelection, Snapshot
from bxapp.workflows.selection import SelectionNotOurs
from tests.workflows.conftest import WORKFLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.bitrix.answers import BatchAnswer
    from bxapp.bitrix.client import Command
    from tests.portals.sandbox import Sandbox
    from tests.workflows.conftest import Frame

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_with_time")]

SNAPSHOTS = "/workflows/snapshots/"


@pytest.fixture
def broker_without_workers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Messages go nowhere, as where no worker runs; returns whose they were."""
    sent: list[int] = []
    monkeypatch.setattr(snapshot_steps, "wake", lambda snapshot, delay_seconds=0.0: sent.append(snapshot.pk))
    return sent


@pytest.fixture
def page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """One page of rows with each request, and one request with each turn."""
    monkeypatch.setattr(snapshot_steps, "_PAGES_PER_REQUEST", 1)


def _listed(sandbox: Sandbox) -> set[str]:
    record = sandbox.control("GET", "/portals/1/workflows?state=running")
    return {str(one["id"]) for one in record if one["in_list"]}


def _actor() -> Actor:
    return Actor(Portal.objects.get(), AccessGrant.objects.get(), Channel.FRAME)


def _reference(answer: Any) -> str:
    found = re.search(r'data-snapshot="([0-9a-f]{32})"', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def _state(answer: Any) -> str:
    found = re.search(r'data-snapshot-state="(\w+)"', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def _ids(reference: str) -> set[str]:
    return {one.id for one in keeping.kept(Portal.objects.get(), reference).workflows}


def _let_time_pass(seconds: float = 20.0) -> None:
    span = timedelta(seconds=seconds)
    Snapshot.objects.update(progress_at=F("progress_at") - span, not_before=F("not_before") - span)


def test_a_small_list_is_there_with_the_answer(frame: Frame, sandbox: Sandbox) -> None:
    answer = frame.post(SNAPSHOTS, {"total": WORKFLOWS})

    assert _state(answer) == "done"
    assert _ids(_reference(answer)) == _listed(sandbox)
    assert f'data-count="{len(_listed(sandbox))}"' in answer.content.decode()
    assert len(sandbox.asked("portal")) == 2, "the rows, and their names"


def test_it_is_what_the_filter_of_the_list_means(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=3, template_id=31, age_seconds=60)

    answer = frame.post(f"{SNAPSHOTS}?template=31&page=4&sort=modified", {"total": 3})

    record = sandbox.control("GET", "/portals/1/workflows?state=running")
    meant = {one["id"] for one in record if one["in_list"] and one["template_id"] == 31}
    assert len(meant) >= 3
    assert _ids(_reference(answer)) == meant


def test_a_long_one_says_how_far_it_is_until_it_is_there(
    frame: Frame, sandbox: Sandbox, broker_without_workers: list[int], page_by_page: None
) -> None:
    begun = frame.post(SNAPSHOTS, {"total": 4812})
    reference, snapshot = _reference(begun), Snapshot.objects.get()

    assert (_state(begun), broker_without_workers) == ("reading", [snapshot.pk])
    assert b"Reading the list" in begun.content
    snapshot_steps.read(snapshot.pk, 0)
    half = frame.get(f"{SNAPSHOTS}{reference}/")
    assert f"50 of {len(_listed(sandbox))} read" in half.content.decode()
    with pytest.raises(SelectionNotOurs):
        keeping.kept(snapshot.portal, reference)
    snapshot_steps.read(snapshot.pk, 60)
    assert _state(frame.get(f"{SNAPSHOTS}{reference}/")) == "done"
    assert _ids(reference) == _listed(sandbox)


def test_rows_vanish_and_appear_in_the_middle(
    frame: Frame, sandbox: Sandbox, page_by_page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _listed(sandbox)
    vanished: list[str] = []
    appeared: list[str] = []
    batch = Client.batch

    def and_meanwhile(self: Client, commands: Mapping[str, Command], **options: Any) -> BatchAnswer:
        answers = batch(self, commands, **options)
        for workflow_id in sorted(before - set(vanished))[:5]:
            sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)
            vanished.append(workflow_id)
        appeared.extend(sandbox.control("POST", "/portals/1/workflows", count=30, age_seconds=0)["ids"])
        return answers

    monkeypatch.setattr(Client, "batch", and_meanwhile)

    reference = _reference(frame.post(SNAPSHOTS, {"total": WORKFLOWS}))

    found = _ids(reference)
    assert (len(vanished), len(appeared)) >= (25, 150)
    assert before - set(vanished) <= found <= before
    assert found.isdisjoint(appeared), "what appeared later is not in it"
    kept = keeping.kept(Portal.objects.get(), reference)
    assert kept.count == len(found)
    assert kept.as_of is not None


def test_no_worker_and_no_message_then_the_page_reads_by_itself(
    frame: Frame, sandbox: Sandbox, broker_without_workers: list[int]
) -> None:
    begun = frame.post(SNAPSHOTS, {"total": 4812})
    reference = _reference(begun)
    here = f"{SNAPSHOTS}{reference}/read/"
    assert here not in begun.content.decode()
    _let_time_pass()

    asked = frame.get(f"{SNAPSHOTS}{reference}/").content.decode()
    assert f'hx-post="{here}"' in asked
    done = frame.post(here)

    assert _state(done) == "done"
    assert _ids(reference) == _listed(sandbox)


def test_a_dead_reader_is_followed_by_another_where_it_stood(
    frame: Frame, sandbox: Sandbox, broker_without_workers: list[int], page_by_page: None
) -> None:
    reference = _reference(frame.post(SNAPSHOTS, {"total": 4812}))
    snapshot = Snapshot.objects.get()
    snapshot_steps.read(snapshot.pk, 0)
    now = timezone.now()
    Snapshot.objects.update(holder="5f0c1f6a-9b7d-4e3c-8a2b-1d0e9f8a7b6c", until=now + timedelta(minutes=1))
    _let_time_pass()

    waiting = frame.post(f"{SNAPSHOTS}{reference}/read/").content.decode()
    assert "This takes longer than usual; it goes on by itself." in waiting
    assert f"50 of {len(_listed(sandbox))} read" in waiting
    Snapshot.objects.update(until=now - timedelta(seconds=1))
    sandbox.forget()
    assert _state(frame.post(f"{SNAPSHOTS}{reference}/read/")) == "done"

    assert _ids(reference) == _listed(sandbox)
    assert len(sandbox.asked("portal")) == 4, "two more pages and their names: nothing is read twice"


def test_one_reads_at_a_time(frame: Frame, sandbox: Sandbox, broker_without_workers: list[int]) -> None:
    frame.post(SNAPSHOTS, {"total": 4812})
    snapshot = Snapshot.objects.get()
    Snapshot.objects.update(
        holder="5f0c1f6a-9b7d-4e3c-8a2b-1d0e9f8a7b6c", until=timezone.now() + timedelta(minutes=1)
    )
    sandbox.forget()

    snapshot_steps.read_in_turn(snapshot.pk)

    assert sandbox.asked("portal") == []


def test_a_portal_that_is_silent_for_a_moment_is_asked_again(
    frame: Frame, sandbox: Sandbox, broker_without_workers: list[int]
) -> None:
    sandbox.fault(kind="http500", times=1)

    answer = frame.post(SNAPSHOTS, {"total": WORKFLOWS})
    reference = _reference(answer)

    assert _state(answer) == "reading"
    assert "The portal did not answer; it is asked again." in answer.content.decode()
    assert _state(frame.post(f"{SNAPSHOTS}{reference}/read/")) == "reading", "not before its pause is over"
    _let_time_pass()
    assert _state(frame.post(f"{SNAPSHOTS}{reference}/read/")) == "done"
    assert _ids(reference) == _listed(sandbox)


def test_a_portal_that_stays_silent_ends_in_a_sentence_and_another_try(
    frame: Frame, sandbox: Sandbox, broker_without_workers: list[int]
) -> None:
    sandbox.fault(kind="http500")
    reference = _reference(frame.post(f"{SNAPSHOTS}?by=0", {"total": WORKFLOWS}))
    for _ in range(10):
        _let_time_pass()
        answer = frame.post(f"{SNAPSHOTS}{reference}/read/")

    page = unescape(answer.content.decode())
    assert _state(answer) == "failed"
    assert str(text_of(RefusalReason.PORTAL_UNREACHABLE).why) in page
    assert f'hx-post="{SNAPSHOTS}?by=0"' in page
    with pytest.raises(SelectionNotOurs):
        keeping.kept(Portal.objects.get(), reference)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            {"kind": "operating", "method": "bizproc.workflow.instances"},
            str(text_of(RefusalReason.PORTAL_BUSY).why),
        ),
        ({"kind": "wrong_json", "shape": "list"}, "asked again"),
    ],
)
def test_a_part_that_does_not_come_makes_no_list(
    frame: Frame, sandbox: Sandbox, fault: dict[str, Any], words: str, broker_without_workers: list[int]
) -> None:
    sandbox.fault(**fault)

    answer = frame.post(SNAPSHOTS, {"total": WORKFLOWS})

    assert words in unescape(answer.content.decode())
    assert _state(answer) != "done"
    assert not KeptSelection.objects.filter(is_complete=True).exists()


def test_cancelled_it_is_forgotten_and_nobody_goes_on(
    frame: Frame, sandbox: Sandbox, broker_without_workers: list[int], page_by_page: None
) -> None:
    reference = _reference(frame.post(SNAPSHOTS, {"total": 4812}))
    snapshot = Snapshot.objects.get()
    snapshot_steps.read(snapshot.pk, 0)

    answer = frame.post(f"{SNAPSHOTS}{reference}/cancel/")
    snapshot_steps.read_in_turn(snapshot.pk)

    assert _state(answer) == "ended"
    assert not KeptSelection.objects.exists()
    assert b"out of date" in frame.get(f"{SNAPSHOTS}{reference}/").content


def test_protected_templates_are_left_out_and_it_says_how_many(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=4, template_id=31, age_seconds=60)
    record = sandbox.control("GET", "/portals/1/workflows?state=running")
    guarded = {one["id"] for one in record if one["in_list"] and one["template_id"] == 31}
    protected.protect(_actor(), 31)

    answer = frame.post(SNAPSHOTS, {"total": WORKFLOWS})

    assert _ids(_reference(answer)) == _listed(sandbox) - guarded
    assert f"{len(guarded)} of protected templates are left out" in answer.content.decode()


def test_where_all_of_it_is_protected_there_is_a_sentence(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=2, template_id=31, age_seconds=60)
    protected.protect(_actor(), 31)

    answer = frame.post(f"{SNAPSHOTS}?template=31", {"total": 2})

    assert "All that matches is of protected templates." in answer.content.decode()


def test_where_not_all_who_wait_could_be_read_there_is_no_list(
    frame: Frame, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=5, task_users=[4], age_seconds=60)
    all_of_them = frame.post(f"{SNAPSHOTS}?waits=4", {"total": 5})
    monkeypatch.setattr(snapshot_steps, "_MOST_AWAITED", 0)

    answer = frame.post(f"{SNAPSHOTS}?waits=4", {"total": 5})

    assert _state(answer) == "failed"
    assert "More tasks wait for these people than could be read." in answer.content.decode()
    assert len(_ids(_reference(all_of_them))) >= 5


def test_more_than_a_selection_holds(frame: Frame, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (snapshots, snapshot_steps):
        monkeypatch.setattr(module, "LARGEST", 100)

    answer = frame.post(SNAPSHOTS, {"total": WORKFLOWS})

    assert _state(answer) == "failed"
    assert "Narrow the list by a filter." in answer.content.decode()


def test_days_in_a_zone_that_this_machine_does_not_know(frame: Frame, sandbox: Sandbox) -> None:
    AccessGrant.objects.update(time_zone="Mars/Olympus")

    answer = frame.post(f"{SNAPSHOTS}?started_before=2999-01-01", {"total": WORKFLOWS})

    assert _ids(_reference(answer)) == _listed(sandbox)


def test_what_of_a_page_belongs_to_it(frame: Frame, sandbox: Sandbox) -> None:
    listed = sorted(_listed(sandbox))
    reference = _reference(frame.post(SNAPSHOTS, {"total": WORKFLOWS}))
    later = sandbox.control("POST", "/portals/1/workflows", count=2, age_seconds=0)["ids"]

    answer = frame.post(f"{SNAPSHOTS}{reference}/members/", {"workflow": [*listed[3:6], *later]})

    assert f'data-members="{" ".join(listed[3:6])}"' in answer.content.decode()
    unknown = frame.post(f"{SNAPSHOTS}{'0' * 32}/members/", {"workflow": listed})
    assert "out of date" in unknown.content.decode()


def test_removed_in_the_middle(
    frame: Frame, sandbox: Sandbox, broker_without_workers: list[int], page_by_page: None
) -> None:
    frame.post(SNAPSHOTS, {"total": 4812})
    snapshot = Snapshot.objects.get()
    snapshot_steps.read(snapshot.pk, 0)

    removal.uninstall(snapshot.portal_id)
    snapshot_steps.read_in_turn(snapshot.pk)

    assert not Snapshot.objects.exists()
    assert not KeptSelection.objects.exists()


def test_a_small_list_is_one_that_takes_two_requests() -> None:
    assert snapshot_views.READ_AT_ONCE <= 44 * 50
