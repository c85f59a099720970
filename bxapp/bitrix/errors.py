"""Everything that can go wrong when speaking with Bitrix24, named after what the caller may do next.

::

    BitrixError              code, words: what the other side said
    ├── RefreshNeeded        renew the token pair and repeat; nothing was executed
    ├── TryLater             repeat later, unchanged; nothing was executed
    │   ├── RateLimited      too many requests at once
    │   ├── RestBlocked      the platform's staff blocked REST there: its support has to be asked
    │   ├── OperatingLimited the method's execution time is used up until ``reset_at``
    │   ├── Unreachable      no connection came about
    │   ├── PortalMoved      the portal has a new address that nobody confirmed yet
    │   └── PortalClosed     the portal is deleted, or closed for a while
    ├── Unheard              no usable answer: the work may be done; ask the portal what is the case
    ├── UserRefused          only this user can help, or another one
    │   ├── RightsLost       the user is no administrator
    │   ├── TokenRefused     the access token is not accepted for this user
    │   └── GrantRefused     the refresh token is void: the application must be opened again
    ├── PortalRefused        only the portal's administrator can help
    │   ├── NotInstalled     the application is not installed there
    │   ├── PlanRefused      the portal's plan has no REST
    │   ├── PaymentRequired  the application or the portal is not paid for
    │   ├── ScopeMissing     the application lacks a permission
    │   ├── MethodUnknown    the portal has no such method (also: a plan without workflows)
    │   └── EndpointRefused  the portal's confirmed address is not one that may be called
    ├── NotGenuine           this token does not belong to this application: a forged or foreign launch
    ├── OurMistake           the request was wrong; repeating it changes nothing
    └── MethodFailed         the method's own error: decide by asking, not by its code or words

No text here ever holds a token or a secret: ``words`` are redacted before they get this far.
"""

# ruff: noqa: N818  (each class is named after what the caller may do, which says more than "Error")
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class BitrixError(Exception):
    """``code`` is the other side's error code (may be empty), ``words`` its own description, redacted."""

    def __init__(self, code: str = "", words: str = "") -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words

    def __str__(self) -> str:
        said = ": ".join(part for part in (self.code, self.words) if part)
        return f"{type(self).__name__} ({said})" if said else type(self).__name__


class RefreshNeeded(BitrixError):
    """The access token's hour is over. Nothing was executed: renew the pair, then repeat."""


class TryLater(BitrixError):
    """Nothing was executed: repeat the same request after a pause.

    ``retry_after_seconds`` is the pause that the other side asked for, None when it did not say.
    """

    def __init__(self, code: str = "", words: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(code, words)
        self.retry_after_seconds = retry_after_seconds


class RateLimited(TryLater):
    """Too many requests to this portal."""


class RestBlocked(TryLater):
    """The platform's staff blocked REST for its load; that lasts until the platform's support lifts it."""


class OperatingLimited(TryLater):
    """The method's execution time of ten minutes is used up; ``reset_at`` says until when, if known."""

    def __init__(
        self,
        code: str = "",
        words: str = "",
        retry_after_seconds: float | None = None,
        reset_at: datetime | None = None,
    ) -> None:
        super().__init__(code, words, retry_after_seconds)
        self.reset_at = reset_at


class Unreachable(TryLater):
    """No connection came about: the name is unknown, nobody listens, or the certificate is wrong."""


class PortalMoved(TryLater):
    """The portal redirects to an address that no authorization server has confirmed yet."""


class PortalClosed(TryLater):
    """The portal is deleted or closed, perhaps for a while only: never a reason to erase data."""


class Unheard(BitrixError):
    """The request left and no usable answer came: cut, late, broken, or the server itself failed.

    The work may be done, in part or whole: ask the portal what is the case, never guess.
    ``http_status`` is that of the answer, 0 without one.
    """

    def __init__(self, code: str = "", words: str = "", *, http_status: int = 0) -> None:
        super().__init__(code, words)
        self.http_status = http_status

    @property
    def server_failed(self) -> bool:
        """Whether the portal answered with an HTTP status of 500 or more."""
        return self.http_status >= 500

    @property
    def request_is_over(self) -> bool:
        """Whether PHP itself gave up: what stands before it (502, 504) answers while PHP may still work."""
        return self.http_status == 500


class UserRefused(BitrixError):
    """The portal refuses this user. Repeating is useless until that user, or another one, does something."""


class RightsLost(UserRefused):
    """The user is no administrator (any more)."""


class TokenRefused(UserRefused):
    """The access token is not accepted: revoked, its user dismissed, or a confirmation is missing."""


class GrantRefused(UserRefused):
    """The refresh token is expired or revoked: the user must open the application again."""


class PortalRefused(BitrixError):
    """The portal refuses this application, whoever asks."""


class NotInstalled(PortalRefused):
    """The application is not installed (any more), or its installation is not finished."""


class PlanRefused(PortalRefused):
    """The portal's plan has no REST."""


class PaymentRequired(PortalRefused):
    """The application or the portal is not paid for."""


class ScopeMissing(PortalRefused):
    """The application lacks a permission that the method needs."""


class MethodUnknown(PortalRefused):
    """The portal has no such method; also what a plan without workflows answers."""


class EndpointRefused(PortalRefused):
    """The address that the authorization server names is not on https, or not a public one."""


class NotGenuine(BitrixError):
    """The authorization server does not know the token, or it belongs to another application."""


class OurMistake(BitrixError):
    """The request was malformed or lost its body; a person must look at the program."""


class MethodFailed(BitrixError):
    """The method refused or failed by itself; its code and words may even stem from another command."""
