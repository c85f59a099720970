"""Who is not let in, each by name: a page that says why, and nothing stored that need not be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bxapp.audit.models import AuditEntry
from bxapp.portals import lifecycle
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.verification import verify
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

    from tests.portals.sandbox import Sandbox, Trap

pytestmark = pytest.mark.django_db

EMPLOYEE = 4
MAY_INSTALL = 3


def _refused(answer: object, reason: str, status: int = 403) -> None:
    assert getattr(answer, "status_code", None) == status
    assert answer["X-Flowstop-Refusal"] == reason  # type: ignore[index]  # a test client's response


def test_an_ordinary_employee(client: Client, sandbox: Sandbox) -> None:
    answer = client.post(*sandbox.launch(user_id=EMPLOYEE, installer=False))

    _refused(answer, "not_administrator")
    assert "Flowstop is for administrators" in answer.content.decode()
    assert "flowstop-session" not in answer.content.decode()
    assert not Portal.objects.exists()


def test_an_ordinary_employee_of_a_known_portal_is_noted(client: Client, sandbox: Sandbox) -> None:
    client.post(*sandbox.launch())
    known = Portal.objects.get()

    _refused(client.post(*sandbox.launch(user_id=EMPLOYEE, installer=False)), "not_administrator")

    entry = AuditEntry.objects.get(kind="refused")
    assert (entry.actor_id, entry.actor_name, entry.reason) == (4, "Dmitri Orlov", "not_administrator")
    assert list(AccessGrant.objects.values_list("user_id", flat=True)) == [1]
    assert Portal.objects.get().application_token == known.application_token


def test_an_employee_cannot_replace_the_application_token(client: Client, sandbox: Sandbox) -> None:
    client.post(*sandbox.launch())
    genuine = Portal.objects.get().application_token
    address, fields = sandbox.launch(user_id=EMPLOYEE, installer=False)

    client.post(address, fields | {"APPLICATION_TOKEN": "forged"})

    assert Portal.objects.get().application_token == genuine


def test_an_installer_without_administrators_rights(client: Client, sandbox: Sandbox) -> None:
    answer = client.post(*sandbox.launch(user_id=MAY_INSTALL))

    _refused(answer, "installer_not_administrator")
    assert "data-install-finish" not in answer.content.decode()
    assert not Portal.objects.exists()


def test_an_administrator_who_is_none_any_more(client: Client, sandbox: Sandbox) -> None:
    client.post(*sandbox.launch())
    sandbox.control("POST", "/portals/1/users/1", admin=False)

    _refused(client.post(*sandbox.launch(installer=False)), "not_administrator")

    assert not AccessGrant.objects.get().is_admin


def test_a_dismissed_user(client: Client, sandbox: Sandbox) -> None:
    form = sandbox.launch(installer=False)
    sandbox.control("POST", "/portals/1/users/1", active=False)

    _refused(client.post(*form), "unknown_token")


def test_another_application(client: Client, sandbox: Sandbox) -> None:
    address, fields = sandbox.launch(client_id="local.foreign")

    _refused(client.post(address, fields), "wrong_application")


def test_a_token_that_nobody_knows(client: Client, sandbox: Sandbox) -> None:
    address, fields = sandbox.launch()

    for code in ("invalid_client", "invalid_token", "expired_token"):
        sandbox.control("PATCH", "/authorization", unknown_code=code)
        _refused(client.post(address, fields | {"AUTH_ID": "0" * 70}), "unknown_token")
    assert not Portal.objects.exists()


def test_a_token_whose_hour_is_over(client: Client, sandbox: Sandbox) -> None:
    form = sandbox.launch()
    sandbox.control("POST", "/portals/1/tokens/expire")

    _refused(client.post(*form), "unknown_token")


def test_the_member_id_of_another_portal(client: Client, sandbox: Sandbox) -> None:
    client.post(*sandbox.launch(2))
    address, fields = sandbox.launch(1)

    _refused(client.post(address, fields | {"member_id": sandbox.member_id(2)}), "unknown_token")

    assert Portal.objects.get().member_id == sandbox.member_id(2)
    assert AccessGrant.objects.get().portal.domain == sandbox.portals[1].removeprefix("http://")


def test_a_portal_that_cannot_be_reached(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="cut_before", method="profile", times=1)

    answer = client.post(*sandbox.launch())

    _refused(answer, "portal_unreachable", 502)
    assert "The portal cannot be reached" in answer.content.decode()


def test_an_authorization_server_that_cannot_be_reached(
    client: Client, sandbox: Sandbox, settings: Settings
) -> None:
    form = sandbox.launch()
    settings.BITRIX24_OAUTH_SERVERS = ["http://127.0.0.1:9"]

    _refused(client.post(*form), "portal_unreachable", 502)


def test_a_plan_without_rest(client: Client, sandbox: Sandbox) -> None:
    sandbox.settings(rest_available=False)

    answer = client.post(*sandbox.launch())

    _refused(answer, "no_workflows_in_plan")
    assert "REST is available only" in answer.content.decode()


def test_a_portal_that_is_not_paid_for(client: Client, sandbox: Sandbox) -> None:
    form = sandbox.launch()
    sandbox.settings(payment_expired=True)

    _refused(client.post(*form), "not_paid")


def test_a_missing_permission(sandbox: Sandbox) -> None:
    _, fields = sandbox.launch()
    caller = verify(fields["AUTH_ID"], server_hint="", member_id=fields["member_id"])
    poor = replace(caller, owner=replace(caller.owner, scope=frozenset({"user_brief"})))

    with pytest.raises(Refusal) as refused:
        lifecycle.admit(poor)

    assert refused.value.reason is RefusalReason.SCOPE_MISSING
    lifecycle.admit(caller)


@pytest.mark.parametrize("field", ["AUTH_ID", "member_id"])
def test_a_form_without_what_it_needs(client: Client, sandbox: Sandbox, field: str) -> None:
    address, fields = sandbox.launch()
    sandbox.forget()

    for form in ({**fields, field: ""}, {k: v for k, v in fields.items() if k != field}):
        _refused(client.post(address, form), "form_incomplete", 400)
    assert sandbox.asked() == []


def test_an_attackers_addresses_are_never_followed(client: Client, sandbox: Sandbox, trap: Trap) -> None:
    _, fields = sandbox.launch()
    host = trap.url.removeprefix("http://")
    forged = fields | {
        "SERVER_ENDPOINT": f"{trap.url}/rest/",
        "DOMAIN": host,
        "client_endpoint": f"{trap.url}/rest/",
    }

    page = client.post(f"/install/?DOMAIN={host}&PROTOCOL=0&LANG=en&APP_SID=1", forged)

    assert page.status_code == 200
    assert Portal.objects.get().client_endpoint == f"{sandbox.portals[0]}/rest/"
    assert host not in page["Content-Security-Policy"]


def test_a_redirect_is_a_hint_and_not_followed_by_itself(client: Client, sandbox: Sandbox) -> None:
    # The portal redirects to an address that the authorization server does not know as its own.
    sandbox.fault(kind="redirect", method="profile", times=1)
    sandbox.forget()

    assert client.post(*sandbox.launch()).status_code == 200

    asked = sandbox.asked("portal")
    assert [one["fault"] for one in asked][:2] == ["redirect", ""]
    assert {one["host"] for one in asked} == {sandbox.portals[0].removeprefix("http://")}
    assert Portal.objects.get().client_endpoint == f"{sandbox.portals[0]}/rest/"


@pytest.mark.parametrize("options", ["[1, 2]", '{"URI": "<script>alert(1)</script>"}', "{broken", "null"])
def test_placement_options_may_be_anything(client: Client, sandbox: Sandbox, options: str) -> None:
    page = client.post(*sandbox.launch(installer=False, placement_options=options))

    assert page.status_code == 200
    assert "alert(1)" not in page.content.decode()


def test_a_refusal_before_anything_is_confirmed_may_be_framed_by_any_portal(
    client: Client, sandbox: Sandbox
) -> None:
    address, fields = sandbox.launch()

    refused = client.post(address, fields | {"AUTH_ID": "0" * 70})

    assert "frame-ancestors https: http:" in refused["Content-Security-Policy"]


def test_a_refusal_after_the_portal_was_confirmed_may_be_framed_by_it_alone(
    client: Client, sandbox: Sandbox
) -> None:
    for form in (sandbox.launch(user_id=EMPLOYEE), _without_rest(sandbox)):
        refused = client.post(*form)

        assert refused.status_code == 403
        assert f"frame-ancestors {sandbox.portals[0]} " in refused["Content-Security-Policy"]


def _without_rest(sandbox: Sandbox) -> tuple[str, dict[str, str]]:
    sandbox.settings(rest_available=False)
    return sandbox.launch()


@pytest.mark.parametrize(
    ("portal_language", "title"),
    [
        ("ru", "Flowstop предназначен для администраторов"),
        ("de", "Flowstop ist für Administratoren"),
        ("la", "Flowstop es para administradores"),
        ("br", "O Flowstop é para administradores"),
        ("fr", "Flowstop est réservé aux administrateurs"),
        ("pl", "Flowstop jest dla administratorów"),
        ("xx", "Flowstop is for administrators"),
    ],
)
def test_a_refusal_speaks_the_portals_language(
    client: Client, sandbox: Sandbox, portal_language: str, title: str
) -> None:
    page = client.post(*sandbox.launch(user_id=EMPLOYEE, installer=False, language=portal_language))

    assert title in page.content.decode()
