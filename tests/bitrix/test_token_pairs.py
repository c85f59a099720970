"""Pairs are renewed by one form POST, and each failure says what may be done."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from bxapp.bitrix import errors
from bxapp.bitrix.oauth import AuthorizationServers
from bxapp.bitrix.tokens import token_session
from tests.bitrix.conftest import SECRET
from tests.bitrix.peer import Told, page, says

if TYPE_CHECKING:
    import requests

    from tests.bitrix.peer import Heard, Peer

ENDPOINT = "http://127.0.0.1:8101/rest/"


def pair(**changes: object) -> dict[str, object]:
    return {
        "access_token": "new-access-token",
        "refresh_token": "new-refresh-token",
        "expires": 1767225600,
        "expires_in": 1800,
        "scope": "bizproc,user_brief",
        "domain": "oauth.bitrix.info",
        "server_endpoint": "https://oauth.bitrix.info/rest/",
        "client_endpoint": ENDPOINT,
        "member_id": "da45a03b",
        "status": "L",
        "user_id": 15,
        **changes,
    }


def test_a_pair_is_refreshed_by_a_form_post(servers: AuthorizationServers, peer: Peer) -> None:
    peer.tells(says(pair()))
    now = datetime.now(UTC)

    fresh = servers.refresh(peer.origin, "old-refresh-token")

    assert (fresh.access_token, fresh.refresh_token) == ("new-access-token", "new-refresh-token")
    assert abs(fresh.expires_at - now - timedelta(seconds=1800)) < timedelta(seconds=10)
    assert (fresh.member_id, fresh.user_id, fresh.status) == ("da45a03b", 15, "L")
    assert fresh.client_endpoint == ENDPOINT
    assert fresh.scope == {"bizproc", "user_brief"}
    (heard,) = peer.heard
    assert (heard.verb, heard.path) == ("POST", "/oauth/token/")
    assert heard.form == {
        "grant_type": "refresh_token",
        "client_id": "app.1",
        "client_secret": SECRET,
        "refresh_token": "old-refresh-token",
    }


def test_a_code_is_exchanged_at_the_hinted_server(
    servers: AuthorizationServers, peer: Peer, other_peer: Peer
) -> None:
    content = pair()
    del content["user_id"], content["expires"]
    other_peer.tells(says(content))

    fresh = servers.exchange(urlsplit(other_peer.origin).netloc, "the-code")

    assert fresh.user_id is None
    (heard,) = other_peer.heard
    assert (heard.verb, heard.path) == ("POST", "/oauth/token/")
    assert heard.form == {
        "grant_type": "authorization_code",
        "client_id": "app.1",
        "client_secret": SECRET,
        "code": "the-code",
    }
    assert peer.heard == []


@pytest.mark.parametrize(
    ("lifetime", "expires", "seconds"),
    [("1800", 5, 1800), ("soon", None, 3600), (None, None, 3600), (-1, None, 3600), (10**12, None, 3600)],
)
def test_the_lifetime_counts_from_receipt(
    servers: AuthorizationServers, peer: Peer, lifetime: object, expires: object, seconds: int
) -> None:
    peer.tells(says(pair(expires_in=lifetime, expires=expires)))

    fresh = servers.refresh(peer.origin, "old-refresh-token")

    assert abs(fresh.expires_at - datetime.now(UTC) - timedelta(seconds=seconds)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (says({"error": "invalid_grant"}, 400), errors.GrantRefused),
        (says({"error": "INVALID_GRANT", "error_description": "x"}), errors.GrantRefused),
        (says({"error": "invalid_client"}, 401), errors.NotInstalled),
        (says({"error": "NOT_INSTALLED"}, 404), errors.NotInstalled),
        (says({"error": "PAYMENT_REQUIRED"}, 403), errors.PaymentRequired),
        (says({"error": "invalid_request"}, 400), errors.OurMistake),
        (says({"error": "insufficient_scope"}, 403), errors.ScopeMissing),
        (page(500), errors.Unheard),
        (Told(), errors.Unheard),
        (Told(cut=True), errors.Unheard),
        (Told(200, b'{"access_token": "abc', stop_after_bytes=10), errors.Unheard),
        (Told(200, b"x" * 300_000), errors.Unheard),
        (says({"ok": True}), errors.Unheard),
        (says(pair(refresh_token=None)), errors.Unheard),
        (says(pair(access_token=None)), errors.Unheard),
        (says(pair(), 500), errors.Unheard),
    ],
)
def test_a_refresh_that_fails_says_what_may_be_done(
    servers: AuthorizationServers, peer: Peer, told: Told, error: type[errors.BitrixError]
) -> None:
    peer.tells(told)
    with pytest.raises(error):
        servers.refresh(peer.origin, "old-refresh-token")
    assert len(peer.heard) == 1, "a refresh token is spent by one attempt"


@pytest.mark.parametrize("endpoint", ["", None, "ftp://portal.example/rest/", "http://[broken"])
def test_a_pair_is_not_lost_for_an_address_that_cannot_be_used(
    servers: AuthorizationServers, peer: Peer, endpoint: str | None
) -> None:
    peer.tells(says(pair(client_endpoint=endpoint)))

    fresh = servers.refresh(peer.origin, "old-refresh-token")

    assert (fresh.refresh_token, fresh.client_endpoint) == ("new-refresh-token", "")


def test_a_server_that_is_down_has_not_spent_the_pair(http: requests.Session) -> None:
    servers = AuthorizationServers(["http://127.0.0.1:1"], "app.1", SECRET, http=http, allow_insecure=True)
    with pytest.raises(errors.Unreachable):
        servers.refresh("http://127.0.0.1:1", "old-refresh-token")


def test_a_redirect_is_not_followed(servers: AuthorizationServers, peer: Peer, other_peer: Peer) -> None:
    peer.tells(Told(302, b"", {"Location": f"{other_peer.origin}/oauth/token/"}))
    with pytest.raises(errors.Unheard):
        servers.refresh(peer.origin, "old-refresh-token")
    assert other_peer.heard == []


def test_a_server_that_is_not_listed_is_never_asked(
    http: requests.Session, peer: Peer, other_peer: Peer
) -> None:
    servers = AuthorizationServers([peer.origin], "app.1", SECRET, http=http, allow_insecure=True)
    with pytest.raises(ValueError, match="listed"):
        servers.refresh(other_peer.origin, "old-refresh-token")
    assert other_peer.heard == []


def test_no_secret_in_urls_errors_representations_or_logs(
    servers: AuthorizationServers, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(heard: Heard) -> Told:
        return says({"error": "odd", "error_description": heard.body.decode()}, 400)

    peer.answer = echo
    with caplog.at_level(logging.INFO), pytest.raises(errors.MethodFailed) as caught:
        servers.refresh(peer.origin, "old-refresh-token")

    shown = f"{caught.value!r}{caught.value}{servers!r}{peer.heard[0].path}{caplog.text}"
    assert SECRET not in shown
    assert "old-refresh-token" not in shown
    peer.answer = None
    peer.tells(says(pair()))
    assert "new-" not in repr(servers.refresh(peer.origin, "old-refresh-token"))


def test_an_oauth_session_neither_keeps_nor_sends_cookies(http: requests.Session, peer: Peer) -> None:
    peer.tells(says(pair(), 200, **{"Set-Cookie": "PHPSESSID=abc; Path=/"}))

    with token_session("app.1", http, ()) as oauth:
        for _ in range(2):
            oauth.refresh_token(f"{peer.origin}/oauth/token/", refresh_token="old-refresh-token")

    assert [heard.headers.get("Cookie") for heard in peer.heard] == [None, None]
