"""What can go wrong in a call, as the portal's server tells it.

::

    RestError            answered as {"error", "error_description"}
    ├── AccessDeniedError     ACCESS_DENIED, 403
    ├── WrongAuthTypeError    WRONG_AUTH_TYPE, 403
    └── TokenRefusedError     a failure of the token check, 401
    ServerFailureError        PHP itself failed: HTTP 500 with HTML, whatever was asked besides
"""

from __future__ import annotations

from typing import Any


class RestError(Exception):
    """An error with a code. ``status`` is the HTTP status of a single call (``restexception.php``)."""

    def __init__(self, description: str, code: str = "", status: int = 400, **further: Any) -> None:
        super().__init__(description)
        self.description = description
        self.code = code
        self.status = status
        self.further = further

    def answer(self) -> dict[str, Any]:
        return {"error": self.code, "error_description": self.description, **self.further}


class AccessDeniedError(RestError):
    """``accessexception.php``: the message is put behind "Access denied!"."""

    def __init__(self, message: str = "") -> None:
        super().__init__(f"Access denied! {message}".rstrip(), "ACCESS_DENIED", 403)


class WrongAuthTypeError(RestError):
    """``authtypeexception.php``."""

    def __init__(self, message: str = "") -> None:
        sentence = "Current authorization type is denied for this method"
        super().__init__(f"{sentence} {message}".rstrip(), "WRONG_AUTH_TYPE", 403)


class TokenRefusedError(RestError):
    """``oauthexception.php``: 401 in the server's source, other statuses in the documentation."""

    def __init__(self, code: str, description: str = "", status: int = 401) -> None:
        super().__init__(description, code, status)


class ServerFailureError(Exception):
    """PHP ended in the middle of the request; what ran before stays done."""
