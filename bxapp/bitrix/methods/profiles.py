"""Who the token's user is, by the portal's own word (documentation "profile"; needs no scope)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.bitrix.answers import number
from bxapp.bitrix.errors import TokenRefused

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client


@dataclass(frozen=True, slots=True)
class Profile:
    """The user; ``is_admin`` decides about everything here. ``time_zone`` is an IANA name or empty."""

    user_id: int
    is_admin: bool
    first_name: str
    last_name: str
    time_zone: str

    @property
    def full_name(self) -> str:
        """First and last name, empty when the user has neither."""
        return f"{self.first_name} {self.last_name}".strip()


def profile(client: Client) -> Profile:
    """Return the profile; raises TokenRefused for an inactive user (an empty answer), and BitrixError."""
    answer = client.call("profile").result
    user_id = number(answer.get("ID")) if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not user_id:
        raise TokenRefused("", "the portal has no profile of this user")
    return Profile(
        user_id=user_id,
        is_admin=answer.get("ADMIN") in (True, "Y", "true", "1", 1),
        first_name=_text(answer.get("NAME")),
        last_name=_text(answer.get("LAST_NAME")),
        time_zone=_text(answer.get("TIME_ZONE")),
    )


def _text(value: object) -> str:
    return value.strip()[:255] if isinstance(value, str) else ""
