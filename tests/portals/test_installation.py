"""The installer page: set up, repeated, undone, set up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.audit.models import AuditEntry
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def _kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("kind", flat=True))


def test_an_administrator_installs_and_the_page_ends_it(client: Client, sandbox: Sandbox) -> None:
    page = client.post(*sandbox.launch())

    assert page.status_code == 200
    assert "data-install-finish" in page.content.decode()
    assert "data-way-on" in page.content.decode(), "the page leads on even if the portal never reacts"
    portal = Portal.objects.get()
    assert portal.state == Portal.State.INSTALLED
    assert portal.handlers_bound_at is not None
    assert AccessGrant.objects.get().state == AccessGrant.State.ACTIVE
    assert _kinds() == ["installed"]


def test_handlers_are_bound_in_one_batch(client: Client, sandbox: Sandbox) -> None:
    sandbox.forget()

    client.post(*sandbox.launch())

    batches = [one for one in sandbox.asked("portal") if one["method"] == "batch"]
    assert [sorted(one["commands"]) for one in batches] == [["app.info"] + ["event.bind"] * 3 + ["event.get"]]


def test_installing_again_is_harmless_and_noted(client: Client, sandbox: Sandbox) -> None:
    for _ in range(3):
        assert client.post(*sandbox.launch(installer=True)).status_code == 200

    portal = Portal.objects.get()
    assert portal.installation == 1
    assert len(sandbox.application()["handlers"]) == 3
    assert _kinds() == ["installed"] * 3


def test_the_page_of_an_installation_does_not_end_it_while_handlers_are_missing(
    client: Client, sandbox: Sandbox
) -> None:
    # With the question about the licence, and without it.
    sandbox.fault(kind="http500", method="event.bind", times=2)

    page = client.post(*sandbox.launch())

    assert "data-install-finish" not in page.content.decode()
    assert 'hx-post="/install/handlers/"' in page.content.decode()
    assert Portal.objects.get().handlers_bound_at is None


def test_trying_again_binds_them_and_ends_the_installation(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="http500", method="event.bind", times=2)
    page = client.post(*sandbox.launch())
    context = page.context

    again = client.post(
        "/install/handlers/",
        headers={
            "Authorization": f"Bearer {context['session_token']}",
            "X-Flowstop-Document": context["document_id"],
            "HX-Request": "true",
        },
    )

    assert again.status_code == 200
    assert "data-install-finish" in again.content.decode()
    assert Portal.objects.get().handlers_bound_at is not None
    assert _kinds() == ["installed"]


def test_the_address_of_another_application_of_the_portal_is_left_alone(
    client: Client, sandbox: Sandbox
) -> None:
    client.post(*sandbox.launch())

    foreign = sandbox.portal()["applications"][1]
    assert foreign["handlers"] == []


def test_a_reinstalled_portal_counts_as_a_new_installation(client: Client, sandbox: Sandbox) -> None:
    client.post(*sandbox.launch())
    sandbox.control("POST", "/portals/1/finish")
    removal = sandbox.event("ONAPPUNINSTALL")
    sandbox.control("POST", "/portals/1/uninstall", send_event=False)
    assert client.post("/events/", removal).status_code == 200
    sandbox.control("POST", "/portals/1/install")

    assert client.post(*sandbox.launch()).status_code == 200

    portal = Portal.objects.get()
    assert (portal.state, portal.installation) == (Portal.State.INSTALLED, 2)
    assert portal.application_token == sandbox.application()["application_token"]
    assert portal.handlers_bound_at is not None
    assert AccessGrant.objects.get().state == AccessGrant.State.ACTIVE
    assert _kinds() == ["installed", "uninstalled", "installed"]


def test_an_update_runs_the_installer_again_on_the_same_installation(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.settings(update_deletes_handlers=True)
    client.post(*sandbox.launch())
    sandbox.control("POST", "/portals/1/finish")
    sandbox.control("POST", "/portals/1/update")
    assert sandbox.application()["handlers"] == []

    client.post(*sandbox.launch())

    assert len(sandbox.application()["handlers"]) == 3
    assert Portal.objects.get().installation == 1
