"""Who is calling: the portal's check of a token or of an incoming webhook.

Order and texts: ``rest/lib/oauth/auth.php`` (``onRestCheckAuth``, ``check``), ``rest/lib/apauth/auth.php``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bxapp.sandbox.call import Caller
from bxapp.sandbox.failures import TokenRefusedError

if TYPE_CHECKING:
    from bxapp.sandbox.authorization import Grant
    from bxapp.sandbox.reading import Reading
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Portal

ALTERNATIVES = {"user": frozenset({"user", "user_brief", "user_basic"})}
"""Scopes of which one is enough (``RestManager::fillAlternativeScope``)."""


@dataclass(slots=True)
class TokenChecks:
    """The portal's memory of token checks, refusals too: an hour in truth, a setting here."""

    verdicts: dict[str, tuple[float, Grant | None, bool]] = field(default_factory=dict)

    def check(self, sandbox: Sandbox, portal: Portal, token: str) -> Grant | None:
        """The grant a token belongs to; None if the authorization server does not know it."""
        lifetime = portal.settings.token_check_cache_seconds
        now = time.time()
        if lifetime > 0 and token in self.verdicts:
            checked_at, grant, good = self.verdicts[token]
            if now - checked_at < lifetime:
                return grant if good else None
        found = sandbox.authorization.grants.get(token)
        good = found is not None and not found.revoked and found.member_id == portal.member_id
        if lifetime > 0:
            self.verdicts[token] = (now, found, good)
        return found if good else None


def allows(scope: tuple[str, ...], needed: str) -> bool:
    """Whether a token with ``scope`` may call a method that needs ``needed`` (empty: none)."""
    return not needed or not ALTERNATIVES.get(needed, frozenset({needed})).isdisjoint(scope)


def recognise(
    sandbox: Sandbox, portal: Portal, checks: TokenChecks, reading: Reading, needed_scope: str
) -> Caller:
    """The caller. Raises :class:`TokenRefusedError` with the portal's code."""
    if reading.webhook_user is not None:
        return _recognise_webhook(portal, reading, needed_scope)
    if reading.token is None:
        raise TokenRefusedError("NO_AUTH_FOUND", "Wrong authorization data")
    grant = checks.check(sandbox, portal, reading.token)
    if grant is None:
        raise TokenRefusedError("invalid_token", "Unable to get application by token")
    _check_plan(portal)
    application = portal.applications.get(grant.client_id)
    if application is None or not application.present:
        code = portal.settings.absent_code
        raise TokenRefusedError(code, _ABSENT.get(code, "Application not found"))
    if grant.expires_at <= time.time():
        raise TokenRefusedError("expired_token", "The access token provided has expired.")
    if not allows(grant.scope, needed_scope):
        sentence = "The request requires higher privileges than provided by the access token"
        raise TokenRefusedError("insufficient_scope", sentence)
    user = portal.users.get(grant.user_id)
    if user is None or not user.active:
        code = portal.settings.dismissed_code
        raise TokenRefusedError(code, _DISMISSED.get(code, ""))
    return Caller(user, application, grant, grant.scope)


_ABSENT = {"ERROR_OAUTH": "Application not installed", "NOT_INSTALLED": "Application not installed"}
_DISMISSED = {
    "authorization_error": "Unable to authorize user",
    "ACCESS_DENIED": "Current user can't be authorized in this context",
}


def _check_plan(portal: Portal) -> None:
    if not portal.settings.rest_available:
        raise TokenRefusedError("ACCESS_DENIED", "REST is available only on commercial plans.")
    if portal.settings.payment_expired:
        raise TokenRefusedError("PAYMENT_REQUIRED", "Payment required")


def _recognise_webhook(portal: Portal, reading: Reading, needed_scope: str) -> Caller:
    if portal.settings.https_required:
        raise TokenRefusedError("INVALID_REQUEST", "Https required.", 400)
    user_id = portal.webhooks.get(reading.webhook_secret)
    user = portal.users.get(user_id) if user_id is not None else None
    if user is None or user_id != reading.webhook_user or not user.active:
        raise TokenRefusedError("INVALID_CREDENTIALS", "Invalid request credentials")
    _check_plan(portal)
    scope = portal.webhook_scope
    if not allows(scope, needed_scope):
        sentence = "The request requires higher privileges than provided by the webhook token"
        raise TokenRefusedError("insufficient_scope", sentence)
    return Caller(user, None, None, scope, reading.webhook_secret)
