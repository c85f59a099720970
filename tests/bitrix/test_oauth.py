"""The authorization servers say whom a token belongs to, and renew pairs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from bxapp.bitrix import errors, oauth
from bxapp.bitrix.launch import MalformedForm
from bxapp.bitrix.oauth import AuthorizationServers
from tests.bitrix.conftest import SECRET
from tests.bitrix.peer import Told, page, says

if TYPE_CHECKING:
    import requests

    from tests.bitrix.peer import Peer

ENDPOINT = "http://127.0.0.1:8101/rest/"


def info(**changes: object) -> dict[str, object]:
    install: dict[str, object] = {
        "installed": True,
        "version": "3",
        "status": "L",
        "scope": "bizproc",
        "domain": "portal.example",
        "uri": "https://portal.example",
        "client_endpoint": ENDPOINT,
        "member_id": "da45a03b",
        "member_type": "B24",
    }
    result: dict[str, object] = {
        "client_id": "app.1",
        "scope": "bizproc, user_brief",
        "expires": "2026-01-01T03:00:00+03:00",
        "user_id": "15",
        "install": install,
    }
    for name, value in changes.items():
        (install if name in install and name != "scope" else result)[name] = value
    return {"result": result}


def test_the_owner_of_a_token(servers: AuthorizationServers, peer: Peer) -> None:
    peer.tells(says(info()))

    owner = servers.owner("the-access-token")

    assert (owner.client_id, owner.user_id, owner.member_id) == ("app.1", 15, "da45a03b")
    assert (owner.client_endpoint, owner.domain) == (ENDPOINT, "portal.example")
    assert owner.scope == {"bizproc", "user_brief"}
    assert owner.expires_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert (owner.installed, owner.version, owner.status) == (True, 3, "L")
    assert owner.server == peer.origin
    (heard,) = peer.heard
    assert (heard.verb, heard.path) == ("POST", "/rest/app.info")
    assert heard.form == {"auth": "the-access-token"}


@pytest.mark.parametrize("installed", [False, "false", "N", "0", 0, "", None])
def test_an_unfinished_installation(servers: AuthorizationServers, peer: Peer, installed: object) -> None:
    peer.tells(says(info(installed=installed)))
    assert servers.owner("the-access-token").installed is False


def test_the_hinted_server_is_asked_first(
    servers: AuthorizationServers, peer: Peer, other_peer: Peer
) -> None:
    other_peer.tells(says(info()))

    owner = servers.owner("the-access-token", hint=f"{other_peer.origin}/rest/")

    assert owner.server == other_peer.origin
    assert peer.heard == []


def test_the_server_that_knows_the_token_wins(
    servers: AuthorizationServers, peer: Peer, other_peer: Peer
) -> None:
    peer.tells(says({"error": "invalid_client"}, 401))
    other_peer.tells(says(info()))

    assert servers.owner("the-access-token", hint=peer.origin).server == other_peer.origin


@pytest.mark.parametrize(
    "hint", [None, "", "https://evil.example/rest/", "http://[bad", "127.0.0.1", "x" * 300]
)
def test_a_hint_that_is_not_listed_changes_nothing(
    servers: AuthorizationServers, peer: Peer, hint: str | None
) -> None:
    peer.tells(says(info()))
    assert servers.owner("the-access-token", hint=hint).server == peer.origin


@pytest.mark.parametrize(
    ("hint", "listed"),
    [
        ("https://oauth.bitrix24.tech/rest/", "https://oauth.bitrix24.tech"),
        ("oauth.bitrix24.tech", "https://oauth.bitrix24.tech"),
        ("https://OAUTH.bitrix24.tech:443/x?y", "https://oauth.bitrix24.tech"),
        ("https://oauth.bitrix24.tech.evil.example/", None),
        ("https://oauth.bitrix24.tech@evil.example/", None),
        ("https://oauth.bitrix24.tech:8443/", None),
    ],
)
def test_a_hint_is_matched_by_host_and_port(hint: str, listed: str | None) -> None:
    urls = ["https://oauth.bitrix.info", "https://oauth.bitrix24.tech"]
    assert AuthorizationServers(urls, "app.1", SECRET).hinted(hint) == listed


def test_a_token_that_no_server_knows_is_not_genuine(
    servers: AuthorizationServers, peer: Peer, other_peer: Peer
) -> None:
    for one in (peer, other_peer):
        one.tells(says({"error": "invalid_client"}, 401))
    with pytest.raises(errors.NotGenuine):
        servers.owner("the-access-token")


def test_another_applications_token_is_not_genuine(
    servers: AuthorizationServers, peer: Peer, other_peer: Peer
) -> None:
    peer.tells(says(info(client_id="app.2")))
    with pytest.raises(errors.NotGenuine):
        servers.owner("the-access-token")
    assert other_peer.heard == []


@pytest.mark.parametrize("told", [page(502), Told(cut=True), says({"error": "QUERY_LIMIT_EXCEEDED"}, 503)])
def test_a_silent_server_leaves_it_open_who_the_owner_is(
    servers: AuthorizationServers, peer: Peer, other_peer: Peer, told: Told
) -> None:
    peer.tells(told)
    other_peer.tells(says({"error": "invalid_client"}, 401))

    with pytest.raises((errors.TryLater, errors.Unheard)):
        servers.owner("the-access-token")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("expired_token", errors.RefreshNeeded),
        ("PAYMENT_REQUIRED", errors.PaymentRequired),
        ("NOT_INSTALLED", errors.NotInstalled),
    ],
)
def test_what_a_server_says_of_a_known_token_is_raised(
    servers: AuthorizationServers, peer: Peer, code: str, error: type[errors.BitrixError]
) -> None:
    peer.tells(says({"error": code}, 401))
    with pytest.raises(error):
        servers.owner("the-access-token")


@pytest.mark.parametrize(
    "content",
    [
        {"result": None},
        {"result": []},
        info(install=None),
        info(user_id=None),
        info(member_id=""),
    ],
)
def test_half_an_answer_is_none(
    servers: AuthorizationServers, peer: Peer, other_peer: Peer, content: object
) -> None:
    for one in (peer, other_peer):
        one.tells(says(content))
    with pytest.raises(errors.Unheard):
        servers.owner("the-access-token")


@pytest.mark.parametrize(
    "endpoint", ["http://portal.example/rest/", "https://127.0.0.1/rest/", "https://localhost/rest/", ""]
)
def test_an_endpoint_that_may_not_be_called_is_refused(
    peer: Peer, http: requests.Session, endpoint: str
) -> None:
    peer.tells(says(info(client_endpoint=endpoint)))
    strict = AuthorizationServers([peer.origin], "app.1", SECRET, http=http)
    with pytest.raises(errors.EndpointRefused):
        strict.owner("the-access-token")


# --- Login outside the frame -----------------------------------------------------------------------------


def test_the_address_that_starts_a_login(servers: AuthorizationServers) -> None:
    url = urlsplit(servers.authorize_url("portal.example", "the-state"))

    assert (url.scheme, url.netloc, url.path) == ("https", "portal.example", "/oauth/authorize/")
    query = parse_qs(url.query)
    assert (query["client_id"], query["state"]) == (["app.1"], ["the-state"])
    assert SECRET not in url.query


@pytest.mark.parametrize("domain", ["", "javascript:x", "a b", "https://user@portal.example"])
def test_a_login_needs_a_host_name(servers: AuthorizationServers, domain: str) -> None:
    with pytest.raises(MalformedForm):
        servers.authorize_url(domain, "the-state")


def test_a_silent_server_is_not_waited_for_as_long_as_a_portal(
    servers: AuthorizationServers, peer: Peer, other_peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "_OWNER_SECONDS", 0.2)
    other_peer.tells(says({"error": "invalid_client"}, 401))

    is_over = Event()

    def silent(_: object) -> Told:
        is_over.wait(60)
        return says(info())

    peer.answer = silent
    begun = time.monotonic()

    with pytest.raises(errors.Unheard, match="time limit"):
        servers.owner("the-access-token")

    assert time.monotonic() - begun < 15
    is_over.set()
