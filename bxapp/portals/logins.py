"""Sign-ins under way: which browser asked for which portal, and for what there, until it comes back."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils.crypto import constant_time_compare

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

_KEY = "flowstop_logins"
# A person may have to type a password, and a second factor, at the portal.
_LIFETIME_SECONDS = 15 * 60
# Several tabs may be under way at once.
_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Login:
    """Where a person wanted to sign in, and the query of the list to be shown then."""

    portal: str
    list_query: str


def begin(session: SessionBase, portal: str, list_query: str = "") -> str:
    """Return a state for a sign-in at the address ``portal``: random, of this browser, good once."""
    state = secrets.token_urlsafe(24)
    under_way = [*_living(session), [state, portal, time.time() + _LIFETIME_SECONDS, list_query]]
    session[_KEY] = under_way[-_AT_ONCE:]
    return state


def end(session: SessionBase, state: str) -> Login | None:
    """Return the sign-in that this browser began with ``state``, None if there is none; once only."""
    under_way = _living(session)
    found = next((login for login in under_way if constant_time_compare(login[0], state)), None)
    if found is None:
        return None
    session[_KEY] = [login for login in under_way if login is not found]
    return Login(portal=str(found[1]), list_query=str(found[3]))


def is_same_portal(asked: str, client_endpoint: str) -> bool:
    """Whether the address that a person asked for is that of the confirmed portal, by http or by https."""
    return _host_and_port(asked) == _host_and_port(client_endpoint)


def _host_and_port(address: str) -> tuple[str | None, int | None]:
    parts = urlsplit(address)
    return parts.hostname, None if parts.port in {80, 443} else parts.port


def _living(session: SessionBase) -> list[Any]:
    now = time.time()
    return [login for login in session.get(_KEY, []) if login[2] > now]
