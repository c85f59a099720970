"""The error codes of the platform, and what each means for the caller: the one table of all of them.

Codes decide, compared without case; never the HTTP status, which differs between servers and documentation.
Sources: documentation "Error codes" (``b24restdocs``), ``rest/classes/general/rest.php``,
``rest/lib/oauth/auth.php`` and ``rest/lib/restexception.php`` of the on-premise server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.errors import (
    BitrixError,
    GrantRefused,
    MethodFailed,
    MethodUnknown,
    NotGenuine,
    NotInstalled,
    OperatingLimited,
    OurMistake,
    PaymentRequired,
    PlanRefused,
    PortalClosed,
    PortalRefused,
    RateLimited,
    RefreshNeeded,
    RestBlocked,
    RightsLost,
    ScopeMissing,
    TokenRefused,
    TryLater,
    Unheard,
    UserRefused,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MEANINGS: Mapping[str, type[BitrixError]] = {
    # refresh
    "expired_token": RefreshNeeded,
    # try later: nothing was executed
    "query_limit_exceeded": RateLimited,
    # A block by hand (documentation "Error codes"), which no pause ends: not a limit of requests.
    "overload_limit": RestBlocked,
    "operation_time_limit": OperatingLimited,
    "connection_error": TryLater,  # the portal cannot reach the authorization server
    "portal_deleted": PortalClosed,
    # settle: the server failed in the middle of the work
    "internal_server_error": Unheard,
    "error_unexpected_answer": Unheard,
    # this user
    "invalid_token": TokenRefused,
    "authorization_error": TokenRefused,
    "user_access_error": TokenRefused,
    "method_confirm_waiting": TokenRefused,
    "method_confirm_denied": TokenRefused,
    "verification_needed": TokenRefused,
    # Said of incoming webhooks only: deleted, expired, made anew, or their owner dismissed.
    "invalid_credentials": TokenRefused,
    "invalid_grant": GrantRefused,
    "bad_verification_code": GrantRefused,
    # this portal
    "payment_required": PaymentRequired,
    "insufficient_scope": ScopeMissing,
    "invalid_scope": ScopeMissing,
    "error_method_not_found": MethodUnknown,
    "application_not_found": NotInstalled,
    "not_installed": NotInstalled,
    "wrong_client": NotInstalled,
    # The authorization server's word for "not installed, or the secret is wrong"; ``app.info`` uses it
    # for a foreign token (see AT_APP_INFO).
    "invalid_client": NotInstalled,
    # our mistake
    "no_auth_found": OurMistake,
    "invalid_request": OurMistake,
    "wrong_auth_type": OurMistake,
    "error_batch_length_exceeded": OurMistake,
    "error_batch_method_not_allowed": OurMistake,
    "unsupported_grant_type": OurMistake,
}

# What the same codes mean when the authorization server was asked whom a token belongs to: a token that it
# does not know is not this application's, whatever it is called.
AT_APP_INFO: Mapping[str, type[BitrixError]] = {
    "invalid_client": NotGenuine,
    "wrong_client": NotGenuine,
    "invalid_token": NotGenuine,
    "invalid_grant": NotGenuine,
    "no_auth_found": NotGenuine,
    "authorization_error": NotGenuine,
    "invalid_request": NotGenuine,  # the request is always formed alike: what is invalid is the token
}

# ACCESS_DENIED and ERROR_OAUTH are several errors in one; their descriptions, which the server does not
# translate, tell them apart.
_DENIED_FOR_PLAN = ("rest is available only", "rest api is available only")
_DENIED_FOR_USER = ("can't be authorized", "cannot be authorized")
_OAUTH_NOT_INSTALLED = "not installed"


def error_of(
    code: str,
    words: str,
    *,
    status: int = 200,
    reset_at: datetime | None = None,
    retry_after_seconds: float | None = None,
    at_app_info: bool = False,
) -> BitrixError:
    """Return the exception that an error code stands for; the caller raises or keeps it.

    ``words``: the description, already redacted. ``status``: the HTTP status, looked at only when the code
    says nothing. An unknown code is the method's own error, unless the server failed.
    """
    meaning = _meaning(code.strip().lower(), words.lower(), at_app_info=at_app_info)
    if meaning is None:
        if status >= 500:
            return Unheard(code, words, http_status=status)
        return MethodFailed(code, words)
    if meaning is Unheard:
        return Unheard(code, words, http_status=status)
    if issubclass(meaning, OperatingLimited):
        return meaning(code, words, retry_after_seconds, reset_at)
    if issubclass(meaning, TryLater):
        return meaning(code, words, retry_after_seconds)
    return meaning(code, words)


def _meaning(code: str, words: str, *, at_app_info: bool) -> type[BitrixError] | None:
    if code == "access_denied":
        return _access_denied(words)
    if code == "error_oauth":
        return NotInstalled if _OAUTH_NOT_INSTALLED in words else PortalRefused
    if at_app_info and code in AT_APP_INFO:
        return AT_APP_INFO[code]
    return MEANINGS.get(code)


def _access_denied(words: str) -> type[PortalRefused] | type[UserRefused]:
    if any(phrase in words for phrase in _DENIED_FOR_PLAN):
        return PlanRefused
    if any(phrase in words for phrase in _DENIED_FOR_USER):
        return TokenRefused
    return RightsLost
