"""Who is signed in to the portal in this browser: the portal's own session and its cookie."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.sandbox.launch import may_install

if TYPE_CHECKING:
    from aiohttp import web

    from bxapp.sandbox.world import Portal, User

COOKIE = "portal_session"


@dataclass(frozen=True, slots=True)
class Choice:
    """A person one may sign in as, and the part they play."""

    user: User
    role: str


_living: dict[str, tuple[str, int]] = {}
"""All living sessions of all portals of this process: cookie value to member_id and user."""


def signed_in(portal: Portal, request: web.Request) -> User | None:
    """The user whose session of this portal lives, or None. Any page of the portal may ask."""
    member_id, user_id = _living.get(request.cookies.get(COOKIE, ""), ("", 0))
    user = portal.users.get(user_id) if member_id == portal.member_id else None
    return user if user and user.active else None


def begin(portal: Portal, user: User, response: web.StreamResponse) -> None:
    """Sign ``user`` in. The cookie is the portal's: ``SameSite=Lax``, never seen by the application."""
    key = secrets.token_urlsafe(24)
    _living[key] = (portal.member_id, user.id)
    response.set_cookie(COOKIE, key, path="/", httponly=True, samesite="Lax")


def end(request: web.Request) -> None:
    """End the session on the server. The browser keeps a cookie that is worth nothing."""
    _living.pop(request.cookies.get(COOKIE, ""), None)


def is_first_visit(request: web.Request) -> bool:
    """No cookie at all: such a browser is signed in as the first administrator without asking."""
    return COOKIE not in request.cookies


def choices(portal: Portal) -> list[Choice]:
    """Two administrators, one who may install without being one, and an ordinary employee."""
    people = [user for user in portal.users.values() if user.active and not user.bot]
    administrators = [user for user in people if user.admin]
    installers = [user for user in people if not user.admin and may_install(user)]
    employees = [user for user in people if not may_install(user)]
    return [
        *(Choice(user, "administrator") for user in administrators[:1]),
        *(Choice(user, "second administrator") for user in administrators[1:2]),
        *(Choice(user, "may install, no administrator") for user in installers[:1]),
        *(Choice(user, "ordinary employee") for user in employees[:1]),
    ]
