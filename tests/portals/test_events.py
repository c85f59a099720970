"""Events: late, in any order, never repeated, and possibly forged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bxapp.audit.models import AuditEntry
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox, Trap

pytestmark = pytest.mark.django_db


@pytest.fixture
def installed(client: Client, sandbox: Sandbox) -> Portal:
    client.post(*sandbox.launch())
    sandbox.control("POST", "/portals/1/finish")
    return Portal.objects.get()


def test_a_removal_drops_tokens_and_names(client: Client, sandbox: Sandbox, installed: Portal) -> None:
    assert client.post("/events/", sandbox.event("ONAPPUNINSTALL")).status_code == 200

    installed.refresh_from_db()
    assert (installed.state, installed.application_token) == (Portal.State.UNINSTALLED, "")
    grant = AccessGrant.objects.get()
    assert (grant.state, grant.is_admin) == (AccessGrant.State.DROPPED, False)
    assert (grant.access_token, grant.refresh_token, grant.user_name) == ("", "", "")
    assert AuditEntry.objects.order_by("id").values_list("kind", flat=True).last() == "uninstalled"


def test_a_removal_from_before_the_last_opening_is_ignored(
    client: Client, sandbox: Sandbox, installed: Portal
) -> None:
    late = sandbox.event("ONAPPUNINSTALL", overrides={"ts": str(int(time.time()) - 3600)})

    assert client.post("/events/", late).status_code == 200

    installed.refresh_from_db()
    assert installed.state == Portal.State.INSTALLED
    assert AccessGrant.objects.get().access_token


def test_a_removal_of_the_installation_before_does_not_end_the_new_one(
    client: Client, sandbox: Sandbox, installed: Portal
) -> None:
    late = sandbox.event("ONAPPUNINSTALL")
    client.post("/events/", late)
    sandbox.control("POST", "/portals/1/uninstall", send_event=False)
    sandbox.control("POST", "/portals/1/install")
    client.post(*sandbox.launch())

    assert client.post("/events/", late).status_code == 403, "its token was that of the installation before"

    installed.refresh_from_db()
    assert (installed.state, installed.installation) == (Portal.State.INSTALLED, 2)


def test_an_installation_is_the_same_whenever_its_event_comes(client: Client, sandbox: Sandbox) -> None:
    before = sandbox.event("ONAPPINSTALL")
    assert client.post("/events/", before).status_code == 200
    client.post(*sandbox.launch())
    for _ in range(2):
        assert client.post("/events/", sandbox.event("ONAPPINSTALL")).status_code == 200

    portal = Portal.objects.get()
    assert (portal.state, portal.installation) == (Portal.State.INSTALLED, 1)
    assert portal.handlers_bound_at is not None
    assert AccessGrant.objects.get().user_id == 1
    assert AuditEntry.objects.filter(kind="installed").count() == 1


def test_an_installation_is_taken_from_its_event_alone(client: Client, sandbox: Sandbox) -> None:
    fields = sandbox.event("ONAPPINSTALL")

    client.post("/events/", fields)

    portal = Portal.objects.get()
    assert portal.application_token == fields["auth[application_token]"]
    assert AccessGrant.objects.get().refresh_token == fields["auth[refresh_token]"]


def test_an_ordinary_employees_token_installs_nothing(client: Client, sandbox: Sandbox) -> None:
    fields = sandbox.event("ONAPPINSTALL", user_id=4)
    fields["auth[application_token]"] = "forged"

    assert client.post("/events/", fields).status_code == 200

    assert not Portal.objects.exists()


def test_an_update_has_the_handlers_bound_anew(client: Client, sandbox: Sandbox, installed: Portal) -> None:
    assert client.post("/events/", sandbox.event("ONAPPUPDATE")).status_code == 200

    installed.refresh_from_db()
    assert installed.handlers_bound_at is None
    client.post(*sandbox.launch(installer=False))
    installed.refresh_from_db()
    assert installed.handlers_bound_at is not None


@pytest.mark.parametrize("field", ["event", "auth[member_id]", "auth[application_token]"])
def test_an_event_needs_its_three_fields(
    client: Client, sandbox: Sandbox, installed: Portal, field: str
) -> None:
    for form in (
        sandbox.event("ONAPPUNINSTALL", overrides={field: None}),
        sandbox.event("ONAPPUNINSTALL", overrides={field: ""}),
    ):
        assert client.post("/events/", form).status_code == 400

    installed.refresh_from_db()
    assert installed.state == Portal.State.INSTALLED


def test_an_event_needs_nothing_else(client: Client, sandbox: Sandbox, installed: Portal) -> None:
    fields = sandbox.event("ONAPPUNINSTALL")
    needed = {name: fields[name] for name in ("event", "auth[member_id]", "auth[application_token]")}

    assert client.post("/events/", needed).status_code == 200

    installed.refresh_from_db()
    assert installed.state == Portal.State.UNINSTALLED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("auth[application_token]", "0" * 32),
        ("auth[application_token]", "…" * 8),
        ("auth[member_id]", "0" * 32),
        ("auth[member_id]", "the other portal's"),
    ],
)
def test_a_forged_removal_is_refused(
    client: Client, sandbox: Sandbox, installed: Portal, trap: Trap, field: str, value: str
) -> None:
    if value == "the other portal's":
        value = sandbox.member_id(2)
        client.post(*sandbox.launch(2))
    overrides = {
        field: value,
        "auth[domain]": trap.url.removeprefix("http://"),
        "auth[client_endpoint]": f"{trap.url}/rest/",
        "auth[server_endpoint]": f"{trap.url}/rest/",
    }
    sandbox.forget()

    assert client.post("/events/", sandbox.event("ONAPPUNINSTALL", overrides=overrides)).status_code == 403

    assert set(Portal.objects.values_list("state", flat=True)) == {Portal.State.INSTALLED}
    assert sandbox.asked() == [], "nobody needs to be asked to refuse it"


def test_a_removal_with_the_token_of_another_application_is_refused(
    client: Client, sandbox: Sandbox, installed: Portal
) -> None:
    assert (
        client.post("/events/", sandbox.event("ONAPPUNINSTALL", client_id="local.foreign")).status_code == 403
    )

    installed.refresh_from_db()
    assert installed.state == Portal.State.INSTALLED


@pytest.mark.parametrize(
    "overrides",
    [
        {"auth[access_token]": "0" * 70},
        {"auth[access_token]": None},
        {"auth[member_id]": "0" * 32},
    ],
)
def test_a_forged_installation_is_refused(
    client: Client, sandbox: Sandbox, trap: Trap, overrides: dict[str, str | None]
) -> None:
    overrides |= {
        "auth[domain]": trap.url.removeprefix("http://"),
        "auth[client_endpoint]": f"{trap.url}/rest/",
        "auth[server_endpoint]": f"{trap.url}/rest/",
    }

    assert client.post("/events/", sandbox.event("ONAPPINSTALL", overrides=overrides)).status_code == 403

    assert not Portal.objects.exists()


def test_an_installation_of_a_foreign_application_is_refused(client: Client, sandbox: Sandbox) -> None:
    fields = sandbox.event("ONAPPINSTALL", client_id="local.foreign")

    assert client.post("/events/", fields).status_code == 403

    assert not Portal.objects.exists()


def test_a_genuine_installation_is_asked_about_at_confirmed_addresses_only(
    client: Client, sandbox: Sandbox, trap: Trap
) -> None:
    overrides = {
        "auth[domain]": trap.url.removeprefix("http://"),
        "auth[client_endpoint]": f"{trap.url}/rest/",
        "auth[server_endpoint]": f"{trap.url}/rest/",
    }

    assert client.post("/events/", sandbox.event("ONAPPINSTALL", overrides=overrides)).status_code == 200

    assert Portal.objects.get().client_endpoint == f"{sandbox.portals[0]}/rest/"
