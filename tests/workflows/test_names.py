"""Names kept per portal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.bitrix.methods import Person
from bxapp.portals import removal
from bxapp.portals.models import Portal
from bxapp.workflows import names
from bxapp.workflows.models import PersonName, TemplateName

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

GRETA = Person("Greta Lind", is_active=True)


def _portal(member_id: str = "m1") -> Portal:
    now = timezone.now()
    return Portal.objects.create(
        member_id=member_id,
        domain="acme.bitrix24.com",
        client_endpoint="https://acme.bitrix24.com/rest/",
        authorization_server="https://oauth.bitrix.info",
        installed_at=now,
        confirmed_at=now,
    )


def test_a_name_that_was_heard_is_known_later() -> None:
    portal = _portal()

    assert names.people(portal, {5}, {5: GRETA}) == {5: GRETA}
    assert names.people(portal, {5, 6}, {}) == {5: GRETA}
    assert names.templates(portal, {1}, {1: "Approval"}) == {1: "Approval"}
    assert names.templates(portal, {1, 2}, {}) == {1: "Approval"}


def test_what_the_portal_says_now_wins() -> None:
    portal = _portal()
    names.people(portal, {5}, {5: GRETA})

    dismissed = Person("Greta Lind-Berg", is_active=False)
    assert names.people(portal, {5}, {5: dismissed}) == {5: dismissed}
    assert names.people(portal, {5}, {}) == {5: dismissed}


def test_an_unchanged_name_costs_one_question_and_no_writing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    portal = _portal()
    names.people(portal, {5}, {5: GRETA})
    names.templates(portal, {1}, {1: "Approval"})

    with django_assert_num_queries(2):
        names.people(portal, {5}, {5: GRETA})
        names.templates(portal, {1}, {1: "Approval"})


def test_an_old_name_is_refreshed() -> None:
    portal = _portal()
    names.people(portal, {5}, {5: GRETA})
    PersonName.objects.update(refreshed_at=timezone.now() - timedelta(days=2))

    names.people(portal, {5}, {5: GRETA})

    assert PersonName.objects.get().refreshed_at > timezone.now() - timedelta(minutes=1)


def test_portals_do_not_share_names() -> None:
    names.people(_portal(), {5}, {5: GRETA})

    assert names.people(_portal("m2"), {5}, {}) == {}


def test_nobody_asked_for_is_kept() -> None:
    names.people(_portal(), set(), {5: GRETA})

    assert not PersonName.objects.exists()


def test_texts_that_no_database_takes_are_made_fit() -> None:
    portal = _portal()

    told = names.people(portal, {5}, {5: Person("A\x00B\ud800" + "x" * 300, is_active=True)})

    assert told[5].name.startswith("AB?x")
    assert len(PersonName.objects.get().name) == 255


def test_names_are_erased_when_the_portal_removes_the_application() -> None:
    portal, other = _portal(), _portal("m2")
    for each in (portal, other):
        names.people(each, {5}, {5: GRETA})
        names.templates(each, {1}, {1: "Approval"})

    removal.uninstall(portal.pk)

    assert PersonName.objects.get().portal == other
    assert TemplateName.objects.get().portal == other


def test_a_name_heard_while_the_portal_was_removed_is_not_kept() -> None:
    portal = _portal()
    removal.uninstall(portal.pk)

    assert names.people(portal, {5}, {5: GRETA}) == {5: GRETA}
    assert not PersonName.objects.exists()
