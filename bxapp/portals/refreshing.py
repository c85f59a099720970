"""Renewing a token pair: one refresh at a time across all processes, each new pair saved before it is used.

The database decides who asks. A conditional update hands the lease of pair *n* to one process; the others
wait and read pair *n + 1* from the row. The lease goes by the database's clock, so that no machine whose own
is ahead takes it too early. A refresh token works once, so the answer is written down before anything else
happens.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils import timezone

from bxapp.bitrix import transport
from bxapp.bitrix.errors import GrantRefused, NotInstalled, TryLater, Unheard
from bxapp.portals import removal
from bxapp.portals.authorization import servers
from bxapp.portals.clocks import from_now
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from bxapp.bitrix.oauth import TokenPair

log = logging.getLogger(__name__)

# Sent with ``grant`` when a pair that counted as refused has been followed by a working one after all: its
# answer came late. After the commit that stored it; an error of a room that listens is logged and no more.
pair_revived = Signal()

# Longer than one question to an authorization server can take, so that nobody else asks while an answer may
# still come.
LEASE = timedelta(seconds=transport.TOTAL_SECONDS + 15)
# How long somebody waits for another process's answer before giving up with TryLater.
WAIT_SECONDS = 30.0
_POLL_SECONDS = (0.05, 0.2)


@dataclass(frozen=True, slots=True)
class StoredPair:
    """What callers need of a grant's current pair; ``number`` counts the pairs of the grant."""

    access_token: str = field(repr=False)
    expires_at: datetime
    number: int


def newer_pair(grant_id: int, number: int) -> StoredPair:
    """Return the pair that follows pair ``number``: the stored one if there is one, else a fresh one.

    Raises GrantRefused (only the user can help, by opening the application again), NotInstalled, TryLater,
    Unheard (no usable answer, twice), or what else the authorization server answered.
    """
    holder = uuid.uuid4()
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        grant = AccessGrant.objects.select_related("portal").get(pk=grant_id)
        if grant.state == AccessGrant.State.DROPPED:
            raise NotInstalled(words="The application was removed from this portal.")
        if grant.state == AccessGrant.State.REFUSED:
            raise GrantRefused(words="The refresh token was refused before.")
        if grant.pair_number != number:
            return StoredPair(grant.access_token, grant.expires_at, grant.pair_number)
        if _take_lease(grant, holder):
            _renew(grant, holder)
            continue
        if time.monotonic() > give_up_at:
            raise TryLater(words="Another process is renewing the token pair.", retry_after_seconds=5)
        time.sleep(random.uniform(*_POLL_SECONDS))  # noqa: S311  (spreads the waiting, no secret)


def _renew(grant: AccessGrant, holder: uuid.UUID) -> None:
    """Ask for the next pair and save it, or mark the grant; the row tells the caller what came of it."""
    try:
        pair = _ask(grant, holder)
        _check_owner(grant, pair)
        _save(grant, pair)
    except GrantRefused:
        if _mark_refused(grant, holder):
            raise
        return
    except NotInstalled as error:
        removal.suspect(grant.portal_id, certain=bool(removal.is_certain(error)))
        raise
    finally:
        _holding(grant, holder).update(refresh_holder=None, refresh_until=None)
    _note_endpoint(grant.portal, pair)


def _ask(grant: AccessGrant, holder: uuid.UUID) -> TokenPair:
    if not grant.refresh_token:
        raise GrantRefused(words="The launch brought no refresh token.")
    # The remembered server, unless it has been taken off the list since.
    server = servers().hinted(grant.portal.authorization_server) or settings.BITRIX24_OAUTH_SERVERS[0]
    try:
        return servers(grant.portal.member_id).refresh(server, grant.refresh_token)
    except Unheard:
        # The pair may have been rotated while the answer was lost; only the old token can tell.
        if not _take_lease(grant, holder):
            raise
        return servers(grant.portal.member_id).refresh(server, grant.refresh_token)


def _check_owner(grant: AccessGrant, pair: TokenPair) -> None:
    """Refuse a pair of another portal or user.

    The refresh token of a form cannot be checked when it arrives, so somebody may have put a foreign one
    there; and the pair of a dismissed user may move to a system user, in whose name nothing should be done.
    """
    foreign_user = pair.user_id is not None and pair.user_id != grant.user_id
    if pair.member_id != grant.portal.member_id or foreign_user:
        raise GrantRefused(words="The renewed pair belongs to somebody else.")


def _save(grant: AccessGrant, pair: TokenPair) -> None:
    """Store the pair unless a launch stored a newer one meanwhile.

    The lease is not asked for: whoever has a working pair saves it, even if it came too late and somebody
    else's attempt with the old token was refused.
    """
    with transaction.atomic(durable=True):
        same = AccessGrant.objects.filter(pk=grant.pk, pair_number=grant.pair_number)
        state = same.select_for_update().values_list("state", flat=True).first()
        if state is None or state == AccessGrant.State.DROPPED:
            return
        same.update(
            state=AccessGrant.State.ACTIVE,
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_at=pair.expires_at,
            pair_number=grant.pair_number + 1,
            renewed_at=timezone.now(),
            refresh_holder=None,
            refresh_until=None,
        )
    if state == AccessGrant.State.REFUSED:
        log.warning("A late answer renewed the refused pair of grant %s", grant.pk)
        pair_revived.send_robust(sender=AccessGrant, grant=AccessGrant.objects.get(pk=grant.pk))


def _mark_refused(grant: AccessGrant, holder: uuid.UUID) -> bool:
    """Empty the pair that was refused; False when the grant has a newer one by now."""
    marked = _holding(grant, holder).update(
        state=AccessGrant.State.REFUSED,
        access_token="",
        refresh_token="",
        refresh_holder=None,
        refresh_until=None,
    )
    if not marked:
        return False
    log.warning("The token pair of user %s in portal %s was refused", grant.user_id, grant.portal_id)
    if not AccessGrant.objects.filter(portal=grant.portal_id, state=AccessGrant.State.ACTIVE).exists():
        removal.suspect(grant.portal_id, certain=False)
    return True


def _take_lease(grant: AccessGrant, holder: uuid.UUID) -> bool:
    """Become the one who may ask, or prolong it; False when another process may."""
    free = Q(refresh_until__isnull=True) | Q(refresh_until__lt=Now()) | Q(refresh_holder=holder)
    # Durable: a question to a server must never leave inside somebody's transaction.
    with transaction.atomic(durable=True):
        taken = AccessGrant.objects.filter(
            free, pk=grant.pk, pair_number=grant.pair_number, state=AccessGrant.State.ACTIVE
        ).update(refresh_holder=holder, refresh_until=from_now(LEASE))
    return bool(taken)


def _holding(grant: AccessGrant, holder: uuid.UUID) -> QuerySet[AccessGrant]:
    return AccessGrant.objects.filter(pk=grant.pk, pair_number=grant.pair_number, refresh_holder=holder)


def _note_endpoint(portal: Portal, pair: TokenPair) -> None:
    """Remember where the authorization server says the portal is now, and that the application is there."""
    removal.clear_suspicion(portal.pk)
    if pair.client_endpoint and pair.client_endpoint != portal.client_endpoint:
        Portal.objects.filter(pk=portal.pk).update(
            client_endpoint=pair.client_endpoint, domain=urlsplit(pair.client_endpoint).netloc
        )
