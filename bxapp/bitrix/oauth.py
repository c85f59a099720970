"""The authorization servers: the only trusted source of whom a token belongs to.

- ``owner``: ``POST <server>/rest/app.info`` with the token (documentation "app.info"; POST keeps it out of
  logs of URLs);
- ``refresh`` and ``exchange``: ``POST <server>/oauth/token/`` with form fields, by requests-oauthlib
  (documentation "OAuth 2.0: Extending authorization" shows GET; the official CRest script posts a form).

Only servers of the fixed list are ever asked; what a launch form names is at most a hint among them.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from oauthlib.oauth2 import OAuth2Error

from bxapp.bitrix import transport
from bxapp.bitrix.addresses import checked_endpoint, portal_address
from bxapp.bitrix.answers import iso_moment, moment, number, read_object
from bxapp.bitrix.client import Exchange
from bxapp.bitrix.errors import BitrixError, EndpointRefused, NotGenuine, TryLater, Unheard
from bxapp.bitrix.tokens import token_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import requests

    from bxapp.bitrix.answers import Reply

_HOUR = timedelta(hours=1)
_FORM = "application/x-www-form-urlencoded"
# A person waits for ``app.info``, and anybody can cause the question: it must not hold a thread for long.
_OWNER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """Whose an access token is, as an authorization server says. ``client_endpoint`` is checked.

    ``installed``: the application's installation in that portal is finished. ``server``: who knew it.
    """

    client_id: str
    user_id: int
    member_id: str
    client_endpoint: str
    domain: str
    scope: frozenset[str]
    expires_at: datetime | None
    installed: bool
    version: int | None
    status: str
    server: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A new pair. ``user_id`` is None where the server does not say (ask ``owner``).

    ``client_endpoint`` is checked, and empty where the answer names none that can be used now.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    member_id: str
    user_id: int | None
    client_endpoint: str
    scope: frozenset[str]
    status: str


class AuthorizationServers:
    """The allow-listed authorization servers, and this application's identity with them."""

    def __init__(
        self,
        urls: Sequence[str],
        client_id: str,
        client_secret: str,
        http: requests.Session | None = None,
        allow_insecure: bool = False,
        recorder: Callable[[Exchange], None] | None = None,
    ) -> None:
        """``urls``: base addresses without a path (``https://oauth.bitrix.info``), the usual one first.

        ``allow_insecure``: plain http and private addresses are let pass, here and for portals.
        ``recorder`` sees every exchange; none holds a token, a code or the secret.
        """
        self._urls = tuple(url.rstrip("/") for url in urls)
        self._client_id = client_id
        self._client_secret = client_secret
        self._allow_insecure = allow_insecure
        self._recorder = recorder
        self._http = http or transport.session(allow_insecure=allow_insecure)
        if allow_insecure:
            # oauthlib refuses plain http unless this is set; there is no argument for it.
            os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

    def __repr__(self) -> str:
        return f"AuthorizationServers({', '.join(self._urls)})"

    def recorded_by(self, recorder: Callable[[Exchange], None]) -> AuthorizationServers:
        """Return the same servers, on the same connections, with another recorder."""
        other = copy(self)
        other._recorder = recorder
        return other

    def hinted(self, hint: str | None) -> str | None:
        """Return the listed server that a hint names (an address or a bare host), None if none does."""
        named = _host_and_port(hint or "")
        return next((url for url in self._urls if named is not None and named == _host_and_port(url)), None)

    def owner(self, access_token: str, hint: str | None = None) -> TokenOwner:
        """Return whose token this is: the hinted server is asked first, then each other.

        Raises NotGenuine when every server disowns the token or it is another application's,
        EndpointRefused when the portal's address may not be called, RefreshNeeded for an expired token,
        TryLater or Unheard when a server that might know it gave no usable answer, and what else the
        servers say (PaymentRequired, NotInstalled …).
        """
        disowned: BitrixError | None = None
        unanswered: BitrixError | None = None
        for server in self._in_order(hint):
            try:
                return self._owner_at(server, access_token)
            except NotGenuine as error:
                if error.code == _FOREIGN:
                    raise
                disowned = error
            except (TryLater, Unheard) as error:
                unanswered = error
        raise unanswered or disowned or NotGenuine("", "no authorization server is configured")

    def refresh(self, server: str, refresh_token: str) -> TokenPair:
        """Exchange a refresh token for a new pair; the old one may be void as soon as this was heard.

        Raises GrantRefused when only the user can help, Unheard when the answer was lost (the old pair may
        or may not be void), TryLater when nothing was done.
        """

        def ask(url: str, secrets: Sequence[str], heard: Callable[[Reply], None]) -> Mapping[str, Any]:
            with token_session(self._client_id, self._http, secrets, heard) as oauth:
                token: Mapping[str, Any] = oauth.refresh_token(
                    url,
                    refresh_token=refresh_token,
                    client_id=self._client_id,
                    client_secret=self._client_secret,
                    timeout=(transport.CONNECT_SECONDS, transport.READ_SECONDS),
                )
                return token

        return self._pair(server, "refresh_token", refresh_token, ask)

    def exchange(self, server_hint: str | None, code: str) -> TokenPair:
        """Exchange the code of ``/oauth/authorize/`` (valid for 30 s) for a pair. Raises like ``refresh``.

        The hinted server is asked, without a hint the first of the list: a code is spent by one attempt.
        """

        def ask(url: str, secrets: Sequence[str], heard: Callable[[Reply], None]) -> Mapping[str, Any]:
            with token_session(self._client_id, self._http, secrets, heard) as oauth:
                token: Mapping[str, Any] = oauth.fetch_token(
                    url,
                    code=code,
                    client_secret=self._client_secret,
                    include_client_id=True,
                    timeout=(transport.CONNECT_SECONDS, transport.READ_SECONDS),
                )
                return token

        return self._pair(self._in_order(server_hint)[0], "authorization_code", code, ask)

    def authorize_url(self, portal_domain: str, state: str) -> str:
        """Return the portal's page that sends the browser back with a code.

        ``portal_domain``: a host name with or without port, as a person types it (``https://`` before it
        and a path behind it are dropped). Raises MalformedForm for everything else.
        """
        base = portal_address(portal_domain, allow_insecure=self._allow_insecure)
        with token_session(self._client_id, self._http, ()) as oauth:
            url: str = oauth.authorization_url(f"{base}/oauth/authorize/", state=state)[0]
        return url

    def checked_endpoint(self, endpoint: str) -> str:
        """Return the endpoint in its plain form; raises EndpointRefused (``bxapp.bitrix.addresses``)."""
        return checked_endpoint(endpoint, allow_insecure=self._allow_insecure)

    def _in_order(self, hint: str | None) -> list[str]:
        first = self.hinted(hint)
        return sorted(self._urls, key=lambda url: url != first)

    def _owner_at(self, server: str, access_token: str) -> TokenOwner:
        body = urlencode({"auth": access_token}).encode()
        with self._recorded(f"{server}/rest/", "app.info", {}) as seen:
            reply, _ = transport.send(
                self._http, f"{server}/rest/app.info", body, _FORM, read_seconds=_OWNER_SECONDS
            )
            seen.status = reply.status
            owner = self._read_owner(server, reply, access_token)
            seen.member_id = owner.member_id
        return owner

    def _read_owner(self, server: str, reply: Reply, access_token: str) -> TokenOwner:
        payload = read_object(reply, secrets=(access_token,), at_app_info=True)
        info = payload.get("result")
        if not isinstance(info, dict):
            raise Unheard("", f"HTTP {reply.status}: app.info without a result")
        client_id = str(info.get("client_id") or "")
        if client_id != self._client_id:
            raise NotGenuine(_FOREIGN, "the token belongs to another application")
        install = info.get("install")
        if not isinstance(install, dict):
            raise Unheard("", f"HTTP {reply.status}: app.info without an installation")
        user_id, member_id = number(info.get("user_id")), str(install.get("member_id") or "")
        if user_id is None or not member_id:
            raise Unheard("", f"HTTP {reply.status}: app.info without user or portal")
        endpoint = self.checked_endpoint(str(install.get("client_endpoint") or ""))
        return TokenOwner(
            client_id=client_id,
            user_id=user_id,
            member_id=member_id,
            client_endpoint=endpoint,
            domain=str(install.get("domain") or urlsplit(endpoint).netloc),
            scope=scopes(info.get("scope")) or scopes(install.get("scope")),
            expires_at=iso_moment(info.get("expires")) or moment(info.get("expires")),
            installed=str(install.get("installed", True)).strip().lower() not in _NO,
            version=number(install.get("version")),
            status=str(install.get("status") or ""),
            server=server,
        )

    def _pair(
        self,
        server: str,
        grant_type: str,
        spent: str,
        ask: Callable[[str, Sequence[str], Callable[[Reply], None]], Mapping[str, Any]],
    ) -> TokenPair:
        listed = self.hinted(server)
        if listed is None:
            raise ValueError(f"{server} is not a listed authorization server.")
        with self._recorded(f"{listed}/oauth/", "token", {"grant_type": grant_type}) as seen:
            try:
                token = ask(f"{listed}/oauth/token/", (self._client_secret, spent), seen.hear)
            except OAuth2Error as error:
                # The reply was read before oauthlib saw it, so this is an answer without an access token.
                raise Unheard(str(error.error or ""), "the token answer is incomplete") from None
            pair = self._read_pair(token)
            seen.member_id = pair.member_id
        return pair

    @contextmanager
    def _recorded(self, endpoint: str, method: str, params: Mapping[str, object]) -> Iterator[_Seen]:
        """Tell the recorder of the one request that the block sends, however it ends."""
        started_at, clock = datetime.now(UTC), time.monotonic()
        seen = _Seen()
        error: BitrixError | None = None
        try:
            yield seen
        except BitrixError as raised:
            error = raised
            raise
        finally:
            if self._recorder:
                duration_seconds = time.monotonic() - clock
                self._recorder(
                    Exchange(
                        endpoint,
                        method,
                        params,
                        {},
                        started_at,
                        duration_seconds,
                        seen.status,
                        None,
                        error,
                        member_id=seen.member_id,
                    )
                )

    def _usable_endpoint(self, endpoint: str) -> str:
        """Return the checked endpoint, or an empty text: a pair must not be lost for a failed name lookup."""
        try:
            return self.checked_endpoint(endpoint)
        except EndpointRefused:
            return ""

    def _read_pair(self, token: Mapping[str, Any]) -> TokenPair:
        access_token, refresh_token = token.get("access_token"), token.get("refresh_token")
        if not isinstance(access_token, str) or not isinstance(refresh_token, str) or not refresh_token:
            raise Unheard("", "the token answer is incomplete")
        lifetime_seconds = number(token.get("bitrix24_expires_in"))
        now = datetime.now(UTC)
        if lifetime_seconds is not None and 0 <= lifetime_seconds < 10 * 24 * 3600:
            expires_at = now + timedelta(seconds=lifetime_seconds)
        else:
            expires_at = moment(token.get("bitrix24_expires")) or now + _HOUR
        return TokenPair(
            access_token=access_token,
            refresh_token=refresh_token,
            expires_at=expires_at,
            member_id=str(token.get("member_id") or ""),
            user_id=number(token.get("user_id")),
            client_endpoint=self._usable_endpoint(str(token.get("client_endpoint") or "")),
            scope=scopes(token.get("bitrix24_scope")),
            status=str(token.get("status") or ""),
        )


@dataclass(slots=True)
class _Seen:
    """What is known of a request so far."""

    status: int | None = None
    member_id: str = ""

    def hear(self, reply: Reply) -> None:
        self.status = reply.status


_FOREIGN = "foreign_client_id"
_NO = frozenset({"false", "0", "n", "no", "", "none"})


def _host_and_port(address: str) -> tuple[str, int] | None:
    text = address.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        return None
    return (parts.hostname or "", port or (80 if parts.scheme == "http" else 443))


def scopes(text: object) -> frozenset[str]:
    """Return the scopes of ``"a,b"``, ``"a, b"`` or a list of them."""
    if isinstance(text, list):
        text = ",".join(str(one) for one in text)
    if not isinstance(text, str):
        return frozenset()
    return frozenset(text.replace(",", " ").split())
