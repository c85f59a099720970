"""Each field of a launch and of an event wrong in turn: refused, or of no effect; nobody is led astray."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox, Trap

pytestmark = pytest.mark.django_db

# What the portal's form holds, and what it never does but an attacker may hope for.
LAUNCH = [
    *("AUTH_ID", "AUTH_EXPIRES", "REFRESH_ID", "SERVER_ENDPOINT", "APPLICATION_TOKEN", "APPLICATION_SCOPE"),
    *("member_id", "status", "PLACEMENT", "PLACEMENT_OPTIONS", "DOMAIN", "PROTOCOL", "LANG", "APP_SID"),
    *("client_endpoint", "user_id", "ADMIN", "client_id"),
]
PROOFS = {"AUTH_ID", "member_id"}
EVENT = [
    *("event", "event_handler_id", "ts", "data[VERSION]", "data[LANGUAGE_ID]", "auth[domain]", "auth[scope]"),
    *("auth[access_token]", "auth[refresh_token]", "auth[expires_in]", "auth[server_endpoint]"),
    *("auth[client_endpoint]", "auth[status]", "auth[member_id]", "auth[application_token]", "auth[user_id]"),
]
# Without the application token an event is proved by its access token, as a launch is.
EVENT_PROOFS = {"event", "auth[access_token]", "auth[member_id]"}


def _stored(sandbox: Sandbox) -> None:
    """What was confirmed is stored, whatever the form said."""
    portal = Portal.objects.get()
    assert portal.member_id == sandbox.member_id()
    assert portal.client_endpoint == f"{sandbox.portals[0]}/rest/"
    assert portal.authorization_server == sandbox.authorization
    assert portal.domain == sandbox.portals[0].removeprefix("http://")
    assert [(grant.user_id, grant.user_name) for grant in AccessGrant.objects.all()] == [(1, "Anna Berg")]


@pytest.mark.parametrize("field", LAUNCH)
@pytest.mark.parametrize("address", ["/app/", "/install/"])
def test_a_launch(client: Client, sandbox: Sandbox, trap: Trap, address: str, field: str) -> None:
    fields = sandbox.launch()[1] | {field: trap.url}

    answer = client.post(f"{address}?DOMAIN={trap.url}&LANG=en", fields)

    if field in PROOFS:
        assert answer.status_code in {400, 403}
        assert not Portal.objects.exists()
    else:
        assert answer.status_code == 200
        assert trap.url not in answer["Content-Security-Policy"]
        _stored(sandbox)


@pytest.mark.parametrize("field", EVENT)
def test_an_event(client: Client, sandbox: Sandbox, trap: Trap, field: str) -> None:
    fields = sandbox.event("ONAPPINSTALL") | {field: trap.url}

    answer = client.post("/events/", fields)

    if field in EVENT_PROOFS:
        assert answer.status_code in {400, 403}
        assert not Portal.objects.exists()
    else:
        assert answer.status_code == 200
        _stored(sandbox)


@pytest.mark.parametrize("field", [*LAUNCH, "a field that nobody knows"])
def test_an_employees_launch_stores_nothing(client: Client, sandbox: Sandbox, field: str) -> None:
    address, fields = sandbox.launch(user_id=4, installer=False)

    answer = client.post(address, fields | {field: "1"})

    assert answer.status_code in {400, 403}
    assert "flowstop-session" not in answer.content.decode()
    assert not Portal.objects.exists()
