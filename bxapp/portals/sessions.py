"""Who is acting: the signed bearer session of the frame, and the cookie session outside it.

Inside a portal's frame browsers keep no cookie of ours, so the page itself carries the session: a signed text
that names portal, installation, user and the one document it was issued for. It dies after 30 minutes,
with the portal's installation, and with the rights of its user, whichever comes first. A cookie's session
lives longer, so the portal is asked every 30 minutes whether its user is still an administrator.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.utils.crypto import constant_time_compare

from bxapp.portals import preferences
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

LIFETIME_SECONDS = 30 * 60
# A page that was left open may prove its user anew for this long after its session was issued.
RENEWABLE_SECONDS = 7 * 24 * 3600

_SALT = "flowstop.frame-session"
_COOKIE_KEY = "flowstop_claim"
_CONFIRMED_KEY = "flowstop_confirmed_at"


class Channel(StrEnum):
    FRAME = "frame"
    BROWSER = "browser"
    COMMAND_LINE = "command_line"


@dataclass(frozen=True, slots=True)
class Actor:
    """An administrator at work: every query of a request starts from ``portal``.

    ``operator``: who works at the command line with this administrator's rights, by login name.
    """

    portal: Portal
    grant: AccessGrant
    channel: Channel
    operator: str = ""

    @property
    def user_id(self) -> int:
        return self.grant.user_id

    @property
    def name(self) -> str:
        if self.channel is not Channel.COMMAND_LINE:
            return self.grant.user_name
        who = f"command line, {self.operator}" if self.operator else "command line"
        return f"{self.grant.user_name} ({who})".strip()

    @property
    def language(self) -> str:
        """The language that the person chose, else that of the portal; empty where nobody told one."""
        return preferences.of(self.grant).language or self.grant.language or self.portal.language

    @property
    def theme(self) -> str:
        """A value of ``Preference.Theme``."""
        return preferences.of(self.grant).theme

    @property
    def time_zone(self) -> str:
        return self.grant.time_zone


@dataclass(frozen=True, slots=True)
class Claim:
    """What a session says; whether it still holds is decided by the database each time."""

    portal_id: int
    installation: int
    user_id: int
    document: str


def new_document() -> str:
    """Return the name of one loaded page; a session is good for that page only."""
    return secrets.token_urlsafe(12)


def issue(portal: Portal, grant: AccessGrant, document: str) -> str:
    """Return a signed session for ``document``, good for LIFETIME_SECONDS."""
    claim = {"p": portal.pk, "i": portal.installation, "u": grant.user_id, "d": document}
    return signing.dumps(claim, salt=_SALT, compress=True)


def read(token: str, document: str) -> Actor | None:
    """Return who acts with a session in ``document``, None when it is not or no longer good."""
    claim = _claim(token, LIFETIME_SECONDS)
    if claim is None or not constant_time_compare(claim.document, document):
        return None
    return actor_of(claim, Channel.FRAME)


def read_renewable(token: str, document: str) -> Claim | None:
    """Return what an expired session said, for a renewal that proves the user anew."""
    claim = _claim(token, RENEWABLE_SECONDS)
    if claim is None or not constant_time_compare(claim.document, document):
        return None
    return claim


def acted_where_removed(frame: tuple[str, str] | None, session: SessionBase) -> bool:
    """Whether a page acted for a portal that has removed the application since.

    Told only to whoever held a session there: the frame's own, for that document, or the browser's.
    """
    claim = read_renewable(*frame) if frame else _cookie_claim(session)
    return claim is not None and is_removed(claim)


def is_removed(claim: Claim) -> bool:
    """Whether the portal of a claim has removed the application."""
    return Portal.objects.filter(pk=claim.portal_id, state=Portal.State.UNINSTALLED).exists()


def sign_in(session: SessionBase, portal: Portal, grant: AccessGrant) -> None:
    """Turn a browser's cookie session into the person's; its key changes, so a planted one is worthless."""
    session.flush()
    session[_COOKIE_KEY] = [portal.pk, portal.installation, grant.user_id]
    note_confirmed(session)


def note_confirmed(session: SessionBase) -> None:
    """Remember that the portal has just called the person of a cookie's session an administrator."""
    session[_CONFIRMED_KEY] = int(time.time())


def is_to_be_confirmed(session: SessionBase) -> bool:
    """Whether the portal has to be asked again about the person of a cookie's session."""
    return bool(time.time() - session.get(_CONFIRMED_KEY, 0) > LIFETIME_SECONDS)


def read_cookie(session: SessionBase) -> Actor | None:
    """Return who acts with a browser's cookie session, None when nobody does any more."""
    claim = _cookie_claim(session)
    return actor_of(claim, Channel.BROWSER) if claim else None


def actor_of(claim: Claim, channel: Channel) -> Actor | None:
    """Return the actor of a claim if the portal's installation and the user's rights are still the same."""
    grant = (
        AccessGrant.objects.select_related("portal", "preference")
        .filter(
            portal_id=claim.portal_id,
            portal__installation=claim.installation,
            portal__state=Portal.State.INSTALLED,
            user_id=claim.user_id,
            is_admin=True,
        )
        .exclude(state=AccessGrant.State.DROPPED)
        .first()
    )
    return Actor(grant.portal, grant, channel) if grant else None


def _cookie_claim(session: SessionBase) -> Claim | None:
    match session.get(_COOKIE_KEY):
        case [int(portal_id), int(installation), int(user_id)]:
            return Claim(portal_id, installation, user_id, "")
        case _:
            return None


def _claim(token: str, max_age_seconds: int) -> Claim | None:
    try:
        content: Any = signing.loads(token, salt=_SALT, max_age=max_age_seconds)
        return Claim(content["p"], content["i"], content["u"], content["d"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None
