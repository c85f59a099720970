"""Lists that are kept while somebody decides: exact, for a day, for one portal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.utils import timezone

from bxapp.portals.models import Portal
from bxapp.portals.removal import uninstall
from bxapp.workflows import keeping
from bxapp.workflows.keeping import HEAD, KEPT_FOR, changed, keep, kept, members
from bxapp.workflows.models import KeptPart, KeptSelection
from bxapp.workflows.selection import SelectedWorkflow, SelectionNotOurs

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_portal() -> Callable[[str], Portal]:
    def make(member_id: str) -> Portal:
        now = timezone.now()
        return Portal.objects.create(
            member_id=member_id,
            domain="portal.example",
            client_endpoint="https://portal.example/rest/",
            installed_at=now,
            confirmed_at=now,
        )

    return make


def workflows(count: int) -> list[SelectedWorkflow]:
    started = datetime(2025, 1, 12, 14, 2, tzinfo=UTC)
    return [
        SelectedWorkflow(
            f"{number:014x}.{number:08d}",
            "crm",
            "CCrmDocumentDeal",
            f"DEAL_{number}",
            "Ж & \ud83d\ude42 <b>".encode("utf-16", "surrogatepass").decode("utf-16"),
            12 if number % 2 else None,
            "Invoice approval",
            started if number % 2 else None,
            None,
            "",
        )
        for number in range(count)
    ]


def test_a_list_comes_back_as_it_was(new_portal: Callable[[str], Portal]) -> None:
    portal, chosen = new_portal("one"), workflows(12)

    reference = keep(portal, [*chosen, chosen[0]]).reference

    found = kept(portal, reference)
    assert (found.count, found.head, found.workflows) == (12, chosen[:HEAD], chosen)


def test_in_another_portal_the_reference_means_nothing(new_portal: Callable[[str], Portal]) -> None:
    reference = keep(new_portal("one"), workflows(1)).reference

    with pytest.raises(SelectionNotOurs):
        kept(new_portal("another"), reference)


@pytest.mark.parametrize("reference", ["", "0" * 32, "x" * 10_000, "\x01"])
def test_a_reference_that_is_none(new_portal: Callable[[str], Portal], reference: str) -> None:
    with pytest.raises(SelectionNotOurs):
        kept(new_portal("one"), reference)


def test_after_a_day_it_is_gone(new_portal: Callable[[str], Portal]) -> None:
    portal = new_portal("one")
    old = keep(portal, workflows(1)).reference
    KeptSelection.objects.update(created_at=timezone.now() - KEPT_FOR - timedelta(seconds=1))

    with pytest.raises(SelectionNotOurs):
        kept(portal, old)
    keep(portal, workflows(1))
    assert KeptSelection.objects.count() == 1, "what is too old goes with the next one"


def test_a_removed_application_leaves_none(new_portal: Callable[[str], Portal]) -> None:
    portal = new_portal("one")
    keep(portal, workflows(1))

    uninstall(portal.pk)

    assert not KeptSelection.objects.exists()
    with pytest.raises(SelectionNotOurs):
        keep(portal, workflows(1))


@pytest.fixture
def in_parts_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_PART", 5)


def test_in_parts_it_is_the_same_list(new_portal: Callable[[str], Portal], in_parts_of_five: None) -> None:
    portal, chosen = new_portal("one"), workflows(12)

    found = kept(portal, keep(portal, chosen).reference)

    assert KeptPart.objects.count() == 3
    assert (found.count, found.workflows, found.head) == (12, chosen, chosen[:HEAD])
    assert found.summary.by_template[0].count == 6
    assert sum(one.count for one in found.summary.by_kind) == 12


def test_what_belongs_to_it(new_portal: Callable[[str], Portal], in_parts_of_five: None) -> None:
    portal, chosen = new_portal("one"), workflows(12)
    reference = keep(portal, chosen).reference

    assert members(portal, reference, [chosen[2].id, chosen[11].id, "x"]) == {chosen[2].id, chosen[11].id}
    with pytest.raises(SelectionNotOurs):
        members(new_portal("another"), reference, [chosen[2].id])


def test_some_taken_out_and_some_added(new_portal: Callable[[str], Portal], in_parts_of_five: None) -> None:
    portal, all_of_them = new_portal("one"), workflows(14)
    chosen, more = all_of_them[:12], all_of_them[12:]
    before = keep(portal, chosen)
    out = [one.id for one in chosen[3:8]] + ["never there"]

    after = changed(portal, before.reference, out, [*more, chosen[0]])

    assert after.workflows == [*chosen[:3], *chosen[8:], *more]
    assert (after.count, after.head) == (9, after.workflows[:HEAD])
    assert sum(one.count for one in after.summary.by_template) == 9
    assert kept(portal, before.reference).workflows == chosen, "the list itself stays as it was"


def test_the_moment_of_reading_goes_with_what_was_read_then_only(
    new_portal: Callable[[str], Portal],
) -> None:
    portal, chosen, read_at = new_portal("one"), workflows(4), timezone.now() - timedelta(seconds=9)
    with transaction.atomic():
        row = keeping.begin(portal, as_of=timezone.now(), read_at=read_at)
        keeping.add(row, chosen[:3])
        read = keeping.complete(row)

    without, with_more = (changed(portal, read.reference, [chosen[0].id], more) for more in ([], chosen[3:]))

    assert (read.read_at, without.read_at, with_more.read_at) == (read_at, read_at, None)
    assert kept(portal, without.reference).read_at == read_at
    assert keep(portal, chosen).read_at is None


def test_all_taken_out_is_an_empty_list(new_portal: Callable[[str], Portal]) -> None:
    portal, chosen = new_portal("one"), workflows(3)

    after = changed(portal, keep(portal, chosen).reference, [one.id for one in chosen], [])

    assert (after.count, after.workflows, after.summary.oldest) == (0, [], None)


def test_the_oldest_is_of_what_is_left(new_portal: Callable[[str], Portal]) -> None:
    portal, chosen = new_portal("one"), workflows(4)
    oldest = replace(chosen[2], started=datetime(2020, 1, 1, tzinfo=UTC))
    before = keep(portal, [chosen[0], chosen[1], oldest, chosen[3]])

    after = changed(portal, before.reference, [oldest.id], [])

    assert before.summary.oldest == oldest.started
    assert after.summary.oldest == chosen[1].started
