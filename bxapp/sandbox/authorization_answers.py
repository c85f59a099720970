"""What the authorization server answers: a pair for a code or a refresh token, and whose a token is.

Documentation: ``settings/oauth/index.md``, ``auto-renewal.md``, ``error-codes.md``; error texts as the
official SDKs list them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bxapp.sandbox import php
from bxapp.sandbox.people import SYSTEM_USER

if TYPE_CHECKING:
    from bxapp.sandbox.authorization import Grant
    from bxapp.sandbox.php import Value
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Application, Portal


@dataclass(slots=True)
class OAuthError(Exception):
    """An error of the authorization server."""

    code: str
    description: str = ""
    status: int = 400

    def answer(self) -> dict[str, Any]:
        told = {"error": self.code}
        return {**told, "error_description": self.description} if self.description else told


def answer_token(sandbox: Sandbox, fields: dict[str, Value]) -> dict[str, Any]:
    """Both grants of ``/oauth/token/``. Raises :class:`OAuthError`."""
    client_id, secret = php.text(fields.get("client_id")), php.text(fields.get("client_secret"))
    known = [one.applications[client_id] for one in sandbox.portals if client_id in one.applications]
    if not client_id:
        raise OAuthError("invalid_request", 'No "client_id" parameter found')
    if not known or all(one.client_secret != secret for one in known):
        raise OAuthError("invalid_client", "The client credentials are invalid", 401)
    match php.text(fields.get("grant_type")):
        case "refresh_token":
            return _refresh(sandbox, client_id, php.text(fields.get("refresh_token")))
        case "authorization_code":
            return _exchange(sandbox, client_id, php.text(fields.get("code")))
        case "":
            raise OAuthError("invalid_request", "Invalid grant_type parameter or parameter missing")
        case _:
            raise OAuthError("invalid_request", "Unsupported grant_type")


def _refresh(sandbox: Sandbox, client_id: str, refresh_token: str) -> dict[str, Any]:
    if not refresh_token:
        raise OAuthError("invalid_request", 'No "refresh_token" parameter found')
    grant = sandbox.authorization.by_refresh_token.get(refresh_token)
    if grant is None:
        raise OAuthError("invalid_grant")
    portal, application = _installation(sandbox, grant.member_id, grant.client_id)
    if grant.client_id != client_id:
        raise OAuthError("WRONG_CLIENT", "Wrong client", 403)
    if grant.revoked or grant.refresh_expires_at <= time.time():
        raise OAuthError("invalid_grant")
    if grant.refreshed and portal.settings.one_time_refresh:
        raise OAuthError("invalid_grant")
    grant.refreshed = True
    fresh = sandbox.authorization.issue(portal, _owner(portal, grant), application)
    return {**_pair(sandbox, portal, fresh), **_details(fresh)}


def _exchange(sandbox: Sandbox, client_id: str, value: str) -> dict[str, Any]:
    """The documented answer lacks ``expires`` and ``user_id``."""
    code = sandbox.authorization.codes.get(value)
    if code is None or code.used or code.client_id != client_id:
        raise OAuthError("invalid_grant")
    if code.expires_at <= time.time():
        raise OAuthError("bad_verification_code", "The code has expired")
    portal, application = _installation(sandbox, code.member_id, client_id)
    code.used = True
    fresh = sandbox.authorization.issue(portal, code.user_id, application)
    pair = _pair(sandbox, portal, fresh)
    return pair if portal.settings.code_answer_short else {**pair, **_details(fresh)}


def _details(grant: Grant) -> dict[str, Any]:
    return {"expires": round(grant.expires_at), "user_id": grant.user_id}


def _owner(portal: Portal, grant: Grant) -> int:
    owner = portal.users.get(grant.user_id)
    dismissed = owner is None or not owner.active
    return SYSTEM_USER if dismissed and portal.settings.moves_pairs_of_dismissed else grant.user_id


def _installation(sandbox: Sandbox, member_id: str, client_id: str) -> tuple[Portal, Application]:
    portal = sandbox.portal_of(member_id)
    if portal is None or not portal.applications[client_id].present:
        raise OAuthError("NOT_INSTALLED", "Application not installed", 401)
    if portal.settings.payment_expired:
        raise OAuthError("PAYMENT_REQUIRED", "Payment required", 403)
    return portal, portal.applications[client_id]


def _pair(sandbox: Sandbox, portal: Portal, grant: Grant) -> dict[str, Any]:
    return {
        "access_token": grant.access_token,
        "expires_in": grant.expires_in,
        "scope": portal.settings.scope_joint.join(grant.scope),
        "domain": sandbox.authorization.domain,
        "server_endpoint": sandbox.authorization.rest_endpoint,
        "status": portal.settings.application_status,
        "client_endpoint": portal.client_endpoint,
        "member_id": portal.member_id,
        "refresh_token": grant.refresh_token,
    }


def answer_app_info(sandbox: Sandbox, fields: dict[str, Value]) -> dict[str, Any]:
    """``app.info`` of the authorization server: the one trusted word on whose token it is."""
    token = php.text(fields.get("auth") or fields.get("access_token"))
    if not token:
        raise OAuthError("NO_AUTH_FOUND", "Wrong authorization data", 401)
    grant = sandbox.authorization.grants.get(token)
    if grant is None or grant.revoked:
        raise OAuthError(sandbox.authorization.unknown_code, status=401)
    portal, application = _installation(sandbox, grant.member_id, grant.client_id)
    if grant.expires_at <= time.time():
        raise OAuthError("expired_token", "The access token provided has expired.", 401)
    scope = portal.settings.scope_joint.join(grant.scope)
    now = time.time()
    return {
        "result": {
            "client_id": grant.client_id,
            "scope": scope,
            "expires": datetime.fromtimestamp(grant.expires_at, UTC).isoformat(timespec="seconds"),
            "install": {
                "installed": application.installed,
                "version": str(application.version),
                "status": portal.settings.application_status,
                "scope": scope,
                "domain": portal.domain,
                "uri": portal.origin,
                "client_endpoint": portal.client_endpoint,
                "member_id": portal.member_id,
                "member_type": "CP" if portal.settings.edition == "on_premise" else "B24",
            },
            "user_id": grant.user_id,
        },
        "time": {
            "start": now,
            "finish": now,
            "duration": 0.0,
            "processing": 0.0,
            "date_start": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
            "date_finish": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        },
    }
