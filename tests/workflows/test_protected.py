"""Protected templates: of one portal, told to the audit log, gone with the application."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.portals import removal
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.sessions import Actor, Channel
from bxapp.workflows import names, protected
from bxapp.workflows.models import ProtectedTemplate

pytestmark = pytest.mark.django_db


def _actor(member_id: str = "m1") -> Actor:
    now = timezone.now()
    portal = Portal.objects.create(
        member_id=member_id,
        domain="acme.bitrix24.com",
        client_endpoint="https://acme.bitrix24.com/rest/",
        authorization_server="https://oauth.bitrix.info",
        installed_at=now,
        confirmed_at=now,
    )
    grant = AccessGrant.objects.create(
        portal=portal,
        user_id=1,
        user_name="Anna Berg",
        expires_at=now + timedelta(hours=1),
        renewed_at=now,
        confirmed_at=now,
    )
    return Actor(portal, grant, Channel.FRAME)


def _told() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("kind", "actor_name", "template"))


def test_a_protected_template_is_told_with_who_and_when() -> None:
    actor = _actor()
    names.templates(actor.portal, {12}, {12: "Invoice approval"})

    row = protected.protect(actor, 12)

    assert (row.name, row.protected_by_id, row.protected_by_name) == ("Invoice approval", 1, "Anna Berg")
    assert protected.numbers(actor.portal) == {12}
    assert _told() == [("protected", "Anna Berg", "Invoice approval (12)")]


def test_twice_is_once() -> None:
    actor = _actor()

    assert protected.protect(actor, 12) == protected.protect(actor, 12)

    assert _told() == [("protected", "Anna Berg", "12")]


def test_the_end_of_a_protection_is_told() -> None:
    actor = _actor()
    protected.protect(actor, 12)

    assert protected.unprotect(actor, 12)
    assert not protected.unprotect(actor, 12)

    assert protected.all_of(actor.portal) == []
    assert [kind for kind, _name, _template in _told()] == ["protected", "unprotected"]


def test_they_are_listed_by_the_names_of_today() -> None:
    actor = _actor()
    for number, name in ((1, "Old name"), (2, "beta"), (3, "Alpha")):
        names.templates(actor.portal, {number}, {number: name})
        protected.protect(actor, number)
    names.templates(actor.portal, {1}, {1: "gamma"})

    assert [row.name for row in protected.all_of(actor.portal)] == ["Alpha", "beta", "gamma"]


@pytest.mark.parametrize("number", [0, -1, 2**63])
def test_a_number_that_no_template_has(number: int) -> None:
    with pytest.raises(protected.NoSuchTemplateError):
        protected.protect(_actor(), number)


def test_another_portal_has_its_own() -> None:
    actor, other = _actor(), _actor("m2")
    protected.protect(actor, 12)

    assert protected.numbers(other.portal) == frozenset()
    assert not protected.unprotect(other, 12)
    assert protected.numbers(actor.portal) == {12}


def test_a_removed_application_leaves_none_and_gets_none() -> None:
    actor = _actor()
    protected.protect(actor, 12)

    removal.uninstall(actor.portal.pk)

    assert not ProtectedTemplate.objects.exists()
    with pytest.raises(protected.NoSuchTemplateError):
        protected.protect(actor, 12)
    assert not protected.unprotect(actor, 12)
