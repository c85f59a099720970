"""Signing in outside the frame: the portal says who it is, and only the browser that asked is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def _sent_to_the_portal(client: Client, sandbox: Sandbox, number: int = 1) -> str:
    """Begin to sign in; return the address that the portal sends the browser back to."""
    portal = sandbox.portals[number - 1]
    there = client.get("/oauth/login/", {"portal": portal.removeprefix("http://") if number == 1 else portal})
    assert there.status_code == 302, there.content
    assert there["Location"].startswith(f"{portal}/oauth/authorize/?")
    back = requests.get(there["Location"], allow_redirects=False, timeout=10)
    assert back.status_code == 302, back.text
    address = urlsplit(back.headers["Location"])
    assert address.path == "/oauth/callback/"
    return f"{address.path}?{address.query}"


def test_a_round_trip_signs_in(client: Client, sandbox: Sandbox) -> None:
    back = client.get(_sent_to_the_portal(client, sandbox))

    assert (back.status_code, back["Location"]) == (302, "/workflows/")
    cookie = client.cookies["flowstop_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    grant = AccessGrant.objects.select_related("portal").get()
    assert (grant.user_id, grant.portal.member_id) == (1, sandbox.member_id())
    assert grant.refresh_token
    assert client.get("/")["Location"] == "/workflows/"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("template=11&by=dismissed&older=90d", "template=11&by=dismissed&older=90d"),
        ("document=%22%3E%3Cb%3E&id=%00", "document=%22%3E%3Cb%3E&id=%00"),
        ("//evil.test/", "nothing=1"),
        ("kind=%ff", "nothing=1"),
        ("template=1&" * 2000, "nothing=1"),
    ],
)
def test_the_list_that_was_asked_for_is_shown_afterwards(
    client: Client, sandbox: Sandbox, asked: str, shown: str
) -> None:
    there = client.get("/oauth/login/", {"portal": sandbox.portals[0], "list": asked})
    back = requests.get(there["Location"], allow_redirects=False, timeout=10).headers["Location"]

    assert "list=" not in there["Location"]
    assert client.get(back.removeprefix("http://testserver"))["Location"] == f"/workflows/?{shown}"


def test_the_form_to_sign_in_carries_the_list_that_was_asked_for(client: Client) -> None:
    hidden = '<input type="hidden" name="list" value="template=11&amp;document=%22%3E%3Cb%3E">'

    assert hidden in client.get('/workflows/?template=11&document="><b>').content.decode()
    again = {"portal": "example.test", "list": "template=11&document=%22%3E%3Cb%3E"}
    from_elsewhere = client.get("/oauth/login/", again, headers={"Sec-Fetch-Site": "cross-site"})
    assert hidden in from_elsewhere.content.decode()
    assert 'name="list"' not in client.get("/jobs/").content.decode()


def test_the_cookie_is_secure_over_tls(client: Client, sandbox: Sandbox, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True

    client.get(_sent_to_the_portal(client, sandbox))

    assert client.cookies["flowstop_session"]["secure"]


def test_signing_in_changes_the_key_of_the_browsers_session(client: Client, sandbox: Sandbox) -> None:
    address = _sent_to_the_portal(client, sandbox)
    planted = client.cookies["flowstop_session"].value

    client.get(address)

    assert client.cookies["flowstop_session"].value != planted


def test_a_code_does_not_sign_in_another_browser(client: Client, sandbox: Sandbox) -> None:
    address = _sent_to_the_portal(client, sandbox)

    refused = type(client)().get(address)

    assert refused["X-Flowstop-Refusal"] == "form_expired"
    assert not AccessGrant.objects.exists()


def test_a_state_is_good_once(client: Client, sandbox: Sandbox) -> None:
    state = parse_qs(urlsplit(_sent_to_the_portal(client, sandbox)).query)["state"][0]
    client.get("/oauth/callback/", {"state": state, "code": "a wrong one"})
    code = sandbox.control("POST", "/portals/1/code")["code"]

    refused = client.get("/oauth/callback/", {"state": state, "code": code})

    assert refused["X-Flowstop-Refusal"] == "form_expired"
    assert not AccessGrant.objects.exists()


def test_a_state_does_not_live_for_ever(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = _sent_to_the_portal(client, sandbox)
    monkeypatch.setattr("bxapp.portals.logins.time.time", lambda: 4_102_444_800.0)

    assert client.get(address)["X-Flowstop-Refusal"] == "form_expired"


def test_a_wrong_or_missing_state_or_code_is_refused(client: Client, sandbox: Sandbox) -> None:
    for changes in ({"state": "wrong"}, {"state": ""}, {"code": "wrong"}, {"code": ""}):
        asked = urlsplit(_sent_to_the_portal(client, sandbox)).query
        query = {name: values[0] for name, values in parse_qs(asked).items()}
        assert client.get("/oauth/callback/", query | changes)["X-Flowstop-Refusal"] == "form_expired"
    assert not AccessGrant.objects.exists()


def test_several_tabs_may_sign_in_at_once(client: Client, sandbox: Sandbox) -> None:
    first = _sent_to_the_portal(client, sandbox)
    _sent_to_the_portal(client, sandbox)

    assert client.get(first)["Location"] == "/workflows/"


def test_a_code_of_another_portal_is_refused(client: Client, sandbox: Sandbox) -> None:
    asked = _sent_to_the_portal(client, sandbox, 1)
    code = sandbox.control("POST", "/portals/2/code")["code"]
    state = parse_qs(urlsplit(asked).query)["state"][0]

    refused = client.get("/oauth/callback/", {"state": state, "code": code})

    assert refused["X-Flowstop-Refusal"] == "wrong_portal"
    assert not Portal.objects.exists()


def test_an_ordinary_employee_is_refused(client: Client, sandbox: Sandbox) -> None:
    state = parse_qs(urlsplit(_sent_to_the_portal(client, sandbox)).query)["state"][0]
    code = sandbox.control("POST", "/portals/1/code", user_id=4)["code"]

    refused = client.get("/oauth/callback/", {"state": state, "code": code})

    assert refused["X-Flowstop-Refusal"] == "not_administrator"
    assert not AccessGrant.objects.exists()


@pytest.mark.parametrize(
    "portal",
    [
        *("javascript:alert(1)", "https://user@example.test", "exa mple.test", "//", "https://", "a/b?c"),
        *("example.test:99999", "-", "ftp://example.test", "example.test\r\nSet-Cookie: x=1"),
    ],
)
def test_what_is_no_host_name_is_refused(client: Client, portal: str) -> None:
    answer = client.get("/oauth/login/", {"portal": portal})

    # A path behind a host name is dropped: people paste what their browser shows.
    assert answer.status_code == (302 if portal == "a/b?c" else 400)


def test_without_insecure_portals_the_browser_is_sent_over_tls(client: Client, settings: Settings) -> None:
    settings.BITRIX24_ALLOW_INSECURE = False

    for typed in ("example.bitrix24.com", "http://example.bitrix24.com/crm/"):
        location = client.get("/oauth/login/", {"portal": typed})["Location"]
        assert location.startswith("https://example.bitrix24.com/oauth/authorize/?")


def test_the_form_may_lead_to_a_portal(client: Client) -> None:
    page = client.get("/oauth/login/")

    assert "form-action 'self' https: http:" in page["Content-Security-Policy"]


def test_logging_out_ends_the_session(client: Client, sandbox: Sandbox) -> None:
    client.get(_sent_to_the_portal(client, sandbox))

    client.post("/logout/")

    assert client.get("/").status_code == 200
