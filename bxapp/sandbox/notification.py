"""A notification that an application gave to a user of the portal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Notification:
    """``from_user_id`` 0: of the system's kind, which comes under the application's name (``title``)."""

    id: int
    user_id: int
    from_user_id: int
    title: str
    message: str
    message_out: str
    tag: str
    sub_tag: str
    at: datetime

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}
