"""Lists that are kept while somebody decides: exact, for a day, for one portal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.portals.models import Portal
from bxapp.portals.removal import uninstall
from bxapp.workflows.keeping import HEAD, KEPT_FOR, keep, kept
from bxapp.workflows.models import KeptSelection
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
