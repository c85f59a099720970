"""The authorization server's memory: token pairs and codes, and the rules by which they live.

Rules: ``settings/oauth`` of the REST documentation and facts section 4. The HTTP face is
``authorization_pages.py``.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.sandbox.world import Application, Portal


@dataclass(slots=True)
class Grant:
    """A pair of tokens of one user for one application on one portal. Times are Unix seconds."""

    access_token: str
    refresh_token: str
    client_id: str
    member_id: str
    user_id: int
    scope: tuple[str, ...]
    expires_at: float
    refresh_expires_at: float
    refreshed: bool = False
    """The refresh token has been used: it is worth nothing any more."""
    revoked: bool = False

    @property
    def expires_in(self) -> int:
        return max(0, round(self.expires_at - time.time()))


@dataclass(slots=True)
class Code:
    """A code of ``/oauth/authorize/``, good for one exchange."""

    value: str
    client_id: str
    member_id: str
    user_id: int
    expires_at: float
    used: bool = False


@dataclass(slots=True)
class AuthorizationServer:
    """All grants of all portals. ``origin`` is filled in when the server listens."""

    origin: str = ""
    grants: dict[str, Grant] = field(default_factory=dict)
    by_refresh_token: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    unknown_code: str = "invalid_client"
    """What ``app.info`` answers for a token nobody knows: a launch that is not genuine."""

    @property
    def domain(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def rest_endpoint(self) -> str:
        """``server_endpoint`` as forms, events and token answers tell it."""
        return f"{self.origin}/rest/"

    def issue(self, portal: Portal, user_id: int, application: Application) -> Grant:
        """A new pair for ``user_id``; how long it lives is a setting of the portal."""
        now = time.time()
        grant = Grant(
            access_token=secrets.token_hex(35),
            refresh_token=secrets.token_hex(35),
            client_id=application.client_id,
            member_id=portal.member_id,
            user_id=user_id,
            scope=application.scope,
            expires_at=now + portal.settings.access_token_seconds,
            refresh_expires_at=now + portal.settings.refresh_token_seconds,
        )
        self.grants[grant.access_token] = grant
        self.by_refresh_token[grant.refresh_token] = grant
        return grant

    def issue_code(self, portal: Portal, user_id: int, application: Application) -> Code:
        code = Code(
            value=secrets.token_hex(35),
            client_id=application.client_id,
            member_id=portal.member_id,
            user_id=user_id,
            expires_at=time.time() + portal.settings.code_seconds,
        )
        self.codes[code.value] = code
        return code

    def grants_of(self, member_id: str, user_id: int | None = None) -> list[Grant]:
        """The grants of a portal, of all users or of one."""
        return [
            grant
            for grant in self.grants.values()
            if grant.member_id == member_id and (user_id is None or grant.user_id == user_id)
        ]

    def expire(self, member_id: str, user_id: int | None = None) -> int:
        """Let access tokens run out now. Returns how many."""
        found = self.grants_of(member_id, user_id)
        for grant in found:
            grant.expires_at = 0.0
        return len(found)

    def revoke(self, member_id: str, user_id: int | None = None) -> int:
        """Make both tokens of each pair worthless. Returns how many."""
        found = self.grants_of(member_id, user_id)
        for grant in found:
            grant.revoked = True
        return len(found)

    def forget(self) -> None:
        self.grants.clear()
        self.by_refresh_token.clear()
        self.codes.clear()
