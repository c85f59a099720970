"""Opening the application in the portal's frame."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from bxapp.audit.models import AuditEntry
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def _kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("kind", flat=True))


def test_an_administrator_gets_the_first_screen_with_a_session(client: Client, sandbox: Sandbox) -> None:
    address, fields = sandbox.launch(installer=False)

    page = client.post(address, fields)

    assert page.status_code == 200
    assert 'name="flowstop-session"' in page.content.decode()
    assert not page.cookies, "in the frame no cookie may be needed"
    assert "no-store" in page["Cache-Control"]
    grant = AccessGrant.objects.select_related("portal").get()
    assert (grant.user_id, grant.user_name, grant.is_admin) == (1, "Anna Berg", True)
    assert grant.portal.member_id == sandbox.member_id()
    assert grant.portal.client_endpoint == f"{sandbox.portals[0]}/rest/"
    assert grant.portal.authorization_server == sandbox.authorization


def test_a_first_contact_sets_the_portal_up(client: Client, sandbox: Sandbox) -> None:
    client.post(*sandbox.launch(installer=False))

    portal = Portal.objects.get()
    assert portal.handlers_bound_at is not None
    assert {handler["event"] for handler in sandbox.application()["handlers"]} == {
        "ONAPPINSTALL",
        "ONAPPUPDATE",
        "ONAPPUNINSTALL",
    }
    assert portal.application_token == sandbox.application()["application_token"]
    assert _kinds() == ["installed"]


def test_opening_again_changes_nothing_in_the_log(client: Client, sandbox: Sandbox) -> None:
    for _ in range(2):
        client.post(*sandbox.launch(installer=False))

    assert _kinds() == ["installed"]
    assert AccessGrant.objects.get().pair_number == 2


def test_a_second_administrator_is_noted_once(client: Client, sandbox: Sandbox) -> None:
    for user_id in (1, 2, 2):
        client.post(*sandbox.launch(installer=False, user_id=user_id))

    assert _kinds() == ["installed", "opened"]
    assert AuditEntry.objects.get(kind="opened").actor_name == "Boris Ivanov"


def test_only_the_confirmed_portal_may_frame_the_page(client: Client, sandbox: Sandbox) -> None:
    page = client.post(*sandbox.launch(installer=False))

    ancestors = re.search(r"frame-ancestors ([^;]*)", page["Content-Security-Policy"])
    assert ancestors is not None
    port = sandbox.portals[0].rpartition(":")[2]
    assert ancestors[1].split() == [f"http://localhost:{port}", f"https://localhost:{port}"]
    assert "X-Frame-Options" not in page


def test_the_shorter_form_of_older_portals_is_enough(client: Client, sandbox: Sandbox) -> None:
    page = client.post(*sandbox.launch(installer=False, older=True))

    assert page.status_code == 200
    assert Portal.objects.get().application_token == ""


def test_nothing_is_ever_asked_with_a_token_in_the_address(client: Client, sandbox: Sandbox) -> None:
    sandbox.forget()

    client.post(*sandbox.launch(installer=False))

    asked = sandbox.asked()
    assert {one["method"] for one in asked} >= {"app.info", "profile", "batch"}
    assert not any(one["token_in_url"] for one in asked)


def test_tokens_are_encrypted_in_the_database(client: Client, sandbox: Sandbox) -> None:
    address, fields = sandbox.launch(installer=False)
    client.post(address, fields)

    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM portals_accessgrant")
        stored = "".join(cursor.fetchone())
        cursor.execute("SELECT application_token FROM portals_portal")
        stored += cursor.fetchone()[0]
    for secret in (fields["AUTH_ID"], fields["REFRESH_ID"], fields["APPLICATION_TOKEN"]):
        assert secret not in stored


@pytest.mark.parametrize("address", ["/app/", "/install/"])
def test_head_answers_the_check_of_the_developer_area(client: Client, address: str) -> None:
    answer = client.head(address)

    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize("address", ["/app/", "/install/", "/"])
def test_a_browser_outside_a_portal_is_told_where_to_go(client: Client, address: str) -> None:
    page = client.get(address)

    assert page.status_code == 200
    assert "Open Flowstop in your portal" in page.content.decode()
    assert 'action="/oauth/login/"' in page.content.decode()
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
