"""A portal is asked for its licence as soon as it is set up, so that its first job knows its limits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from bxapp.bitrix.limits import ENTERPRISE, STANDARD, Rate
from bxapp.portals import limits
from bxapp.portals.models import Portal

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("installer", [True, False], ids=["installed", "opened for the first time"])
@pytest.mark.parametrize(
    ("told", "rate"),
    [
        ({"edition": "on_premise"}, None),
        ({"license_family": "ent"}, ENTERPRISE),
        ({"license_family": "pro"}, STANDARD),
    ],
    ids=["on-premise", "Enterprise", "another plan"],
)
def test_a_portal_that_is_set_up_tells_its_licence_without_a_request_more(
    client: Client, sandbox: Sandbox, told: dict[str, Any], rate: Rate | None, installer: bool
) -> None:
    sandbox.settings(**told)
    sandbox.forget()

    assert client.post(*sandbox.launch(installer=installer)).status_code == 200

    portal = Portal.objects.get()
    assert limits.bucket_of(portal).rate == rate
    assert not limits.license_is_due(portal)
    assert [one["method"] for one in sandbox.asked("portal")] == ["profile", "batch"]


@pytest.mark.parametrize(
    ("code", "status", "pause"),
    [
        ("INTERNAL_SERVER_ERROR", 500, timedelta(minutes=5)),
        ("ERROR_METHOD_NOT_FOUND", 404, timedelta(days=1)),
    ],
)
def test_a_portal_that_does_not_tell_its_licence_is_set_up_all_the_same(
    client: Client, sandbox: Sandbox, code: str, status: int, pause: timedelta
) -> None:
    sandbox.fault(kind="command_error", method="app.info", code=code, status=status)

    page = client.post(*sandbox.launch())

    assert "data-install-finish" in page.content.decode()
    portal = Portal.objects.get()
    assert portal.handlers_bound_at is not None
    assert limits.bucket_of(portal).rate == STANDARD
    assert portal.license_asked_at is not None
    asked_again_in = portal.license_asked_at + timedelta(days=1) - timezone.now()
    assert pause - timedelta(seconds=30) < asked_again_in <= pause


def test_a_question_that_breaks_its_request_does_not_hinder_the_installation(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.fault(kind="http500", method="app.info")

    page = client.post(*sandbox.launch())

    assert "data-install-finish" in page.content.decode()
    portal = Portal.objects.get()
    assert portal.handlers_bound_at is not None
    assert limits.bucket_of(portal).rate == STANDARD
    assert [one["method"] for one in sandbox.asked("portal")] == ["profile", "batch", "batch"]


def test_a_portal_that_is_set_up_again_tells_its_new_licence(client: Client, sandbox: Sandbox) -> None:
    client.post(*sandbox.launch())
    sandbox.settings(license_family="ent")

    client.post(*sandbox.launch())

    assert limits.bucket_of(Portal.objects.get()).rate == ENTERPRISE
