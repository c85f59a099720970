"""Who is calling: proved by an authorization server and by the portal that it names, by nothing in a form."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix.errors import BitrixError, NotGenuine, RefreshNeeded, TokenRefused
from bxapp.bitrix.launch import HOUR_SECONDS
from bxapp.bitrix.methods import profile
from bxapp.portals.authorization import servers
from bxapp.portals.grants import client_of_owner
from bxapp.portals.models import Portal
from bxapp.web.refusals import Refusal, RefusalReason, of_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bxapp.bitrix.methods import Profile
    from bxapp.bitrix.oauth import TokenOwner

log = logging.getLogger(__name__)

NEEDED_SCOPE = "bizproc"
# Anybody can cause a verification, and each holds a thread while Bitrix24 thinks. The other half of a
# process's threads (deploy/gunicorn_settings.py) stays free for those who are inside already.
AT_ONCE = 4
PATIENCE_SECONDS = 1.0
_places = threading.BoundedSemaphore(AT_ONCE)
# What ``bitrix.oauth`` calls a token of another application; no server uses this code.
_FOREIGN_APPLICATION = "foreign_client_id"


@dataclass(frozen=True, slots=True)
class Caller:
    """A confirmed person of a confirmed portal. ``asked_at``: just before the first question was sent."""

    owner: TokenOwner
    profile: Profile
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    asked_at: datetime

    @property
    def user_id(self) -> int:
        return self.profile.user_id

    @property
    def has_scope(self) -> bool:
        """Whether the application was registered with the permission that everything here needs."""
        return NEEDED_SCOPE in self.owner.scope


def verify(
    access_token: str,
    *,
    server_hint: str,
    member_id: str,
    refresh_token: str = "",
    expires_in_seconds: int = 0,
) -> Caller:
    """Return whose access token this is, as a launch, an event or a sign-in claims it.

    An authorization server says to which application, portal and user the token belongs; then the portal,
    at the address which that server confirmed, says who the user is and whether an administrator. The server
    remembered for a known portal is asked first; ``server_hint`` counts only among the allowed ones.

    Raises Refusal: WRONG_APPLICATION, UNKNOWN_TOKEN, PORTAL_UNREACHABLE, NOT_PAID, NO_WORKFLOWS_IN_PLAN, …,
    and PORTAL_BUSY where too many are being verified;
    ``client_endpoint`` of the refusal names the portal if that was confirmed before it was raised.
    """
    with _place():
        return _verified(access_token, server_hint, member_id, refresh_token, expires_in_seconds)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        log.warning("Refused a launch: %s others are being verified", AT_ONCE)
        raise Refusal(RefusalReason.PORTAL_BUSY, retry_after_seconds=PATIENCE_SECONDS)
    try:
        yield
    finally:
        _places.release()


def _verified(
    access_token: str, server_hint: str, member_id: str, refresh_token: str, expires_in_seconds: int
) -> Caller:
    asked_at = timezone.now()
    remembered = (
        Portal.objects.filter(member_id=member_id).values_list("authorization_server", flat=True).first()
    )
    owner = _owner(access_token, remembered or server_hint)
    if owner.member_id != member_id:
        log.warning("Refused a token of portal %s, claimed for portal %s", owner.member_id, member_id)
        raise Refusal(RefusalReason.UNKNOWN_TOKEN)
    try:
        person = _person(owner, access_token)
    except Refusal as refusal:
        refusal.client_endpoint = owner.client_endpoint
        raise
    # Counted from receipt, so that no difference between two clocks matters.
    counted = asked_at + timedelta(seconds=expires_in_seconds or HOUR_SECONDS)
    expires_at = counted if expires_in_seconds or owner.expires_at is None else owner.expires_at
    return Caller(owner, person, access_token, refresh_token, expires_at, asked_at)


def _owner(access_token: str, hint: str) -> TokenOwner:
    try:
        return servers().owner(access_token, hint=hint)
    except NotGenuine as error:
        foreign = error.code == _FOREIGN_APPLICATION
        raise Refusal(RefusalReason.WRONG_APPLICATION if foreign else RefusalReason.UNKNOWN_TOKEN) from None
    except (RefreshNeeded, TokenRefused):
        raise Refusal(RefusalReason.UNKNOWN_TOKEN) from None
    except BitrixError as error:
        raise of_error(error) from error


def _person(owner: TokenOwner, access_token: str) -> Profile:
    try:
        person = profile(client_of_owner(owner, access_token))
    except (RefreshNeeded, TokenRefused):
        raise Refusal(RefusalReason.UNKNOWN_TOKEN) from None
    except BitrixError as error:
        raise of_error(error) from error
    if person.user_id != owner.user_id:
        log.warning("Portal %s and the authorization server name different users", owner.member_id)
        raise Refusal(RefusalReason.UNKNOWN_TOKEN)
    return person
