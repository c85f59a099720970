"""The token pairs of administrators: stored when confirmed, and the only way to a client of a portal."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import lru_cache, partial
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from bxapp.audit.texts import storable
from bxapp.bitrix import transport
from bxapp.bitrix.client import Client
from bxapp.bitrix.errors import BitrixError, EndpointRefused, NotInstalled, RefreshNeeded, TokenRefused
from bxapp.bitrix.shared_answers import SharedAnswer
from bxapp.bitrix.webhooks import Webhook
from bxapp.journal import recording as journal
from bxapp.portals import refreshing, removal
from bxapp.portals.authorization import servers
from bxapp.portals.connections import leaving_none_open
from bxapp.portals.limits import ReadingGate, ScreenGate, WorkGate
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bxapp.bitrix.answers import Answer, BatchAnswer
    from bxapp.bitrix.client import Command, Exchange, Gate
    from bxapp.bitrix.oauth import TokenOwner
    from bxapp.portals.verification import Caller

    Recorder = Callable[[Exchange], None]

USER_AGENT = "Flowstop"
# A pair lives for an hour.
_FRESH_SECONDS = 60.0
# This process's pool of connections to portals.
_connections = lru_cache(maxsize=2)(transport.session)


def client_for(grant: AccessGrant, recorder: Recorder | None = None, *, job_id: int | None = None) -> Client:
    """Return a client that speaks with the grant's portal in the name of its user, for a person who waits.

    Its requests are journalled, for the job ``job_id`` if given; ``recorder`` is told of them too. It may
    be shared by threads. It keeps the portal's limit of requests and may use the screen's reserve. Its calls
    raise GrantRefused when the pair was refused for good; the grant is then marked REFUSED and opening the
    application again is the cure.
    """
    return _client(grant, ScreenGate(grant.portal), recorder, job_id)


def reading_client_for(grant: AccessGrant) -> Client:
    """Return a client as :func:`client_for` does, for many requests in a row behind a person's back."""
    return _client(grant, ReadingGate(grant.portal))


class WorkAccess:
    """How the engine speaks with a portal in the name of a grant's user, in many threads at once.

    ``client`` never renews its pair by itself: its calls raise RefreshNeeded, so that one call of
    :meth:`renew` serves them all. It relies on a permit taken before each call (``limits.WorkGate``).
    """

    def __init__(self, grant: AccessGrant, *, job_id: int) -> None:
        self.grant = grant
        gate = WorkGate(grant.portal)
        self._tokens: _HeldTokens | None = None
        if grant.portal.kind == Portal.Kind.WEBHOOK:
            self.client = client_of_webhook(_webhook(grant), job_id=job_id, gate=gate)
            return
        self._tokens = _HeldTokens(grant)
        self.client = _PortalClient(grant, self._tokens, gate, None, job_id)

    @property
    def pair_number(self) -> int:
        """Which pair is used; a call that was refused with an older one need not lead to a renewal."""
        return self._tokens.number if self._tokens else 0

    @property
    def needs_renewal(self) -> bool:
        """Whether the pair's hour is over."""
        return self._tokens is not None and self._tokens.is_over

    @property
    def may_renew(self) -> bool:
        """Whether a refused pair may be renewed: not one that has just been. A portal that refuses fresh
        ones too, because its clock is wrong for instance, must not make us ask for pairs without end.
        """
        return self._tokens is not None and not self._tokens.is_fresh

    def renew(self) -> None:
        """Get the next pair; may take a minute. Raises BitrixError as ``refreshing.newer_pair`` does."""
        if self._tokens:
            self._tokens.renew()


def _client(
    grant: AccessGrant, gate: Gate, recorder: Recorder | None = None, job_id: int | None = None
) -> Client:
    if grant.portal.kind == Portal.Kind.WEBHOOK:
        return client_of_webhook(_webhook(grant), recorder, job_id=job_id, gate=gate)
    return _PortalClient(grant, _GrantTokens(grant), gate, recorder, job_id)


def client_of_owner(owner: TokenOwner, access_token: str) -> Client:
    """Return a client for somebody who was just confirmed, before anything is stored."""
    return Client(
        owner.client_endpoint,
        _GivenToken(access_token),
        http=_connections(USER_AGENT, allow_insecure=settings.BITRIX24_ALLOW_INSECURE),
        on_move=partial(_confirm_move, owner.member_id, owner.server, lambda: access_token),
        recorder=journal.recorder(member_id=owner.member_id),
    )


def client_of_webhook(
    webhook: Webhook,
    recorder: Recorder | None = None,
    *,
    job_id: int | None = None,
    gate: Gate | None = None,
) -> Client:
    """Return a client that speaks through a webhook; it follows no redirect, and so gives no secret away.

    Its portal may be on a private address: the operator has named it, and nobody else can. Raises
    EndpointRefused for plain http where that is not allowed (any more).
    """
    if webhook.rest_endpoint.startswith("http:") and not settings.BITRIX24_ALLOW_INSECURE:
        raise EndpointRefused("", "the portal is not on https")
    return Client(
        webhook.endpoint,
        _NoTokens(),
        http=_connections(USER_AGENT, allow_insecure=True),
        recorder=journal.recorder(also=recorder, member_id=webhook.portal_id, job_id=job_id),
        gate=gate,
    )


def store(portal: Portal, caller: Caller, *, language: str = "") -> tuple[AccessGrant, bool]:
    """Store the pair of a confirmed administrator; return the grant, and whether the person is new here.

    Call it inside the transaction that also locks and updates the portal. An empty ``language`` and a missing
    refresh token leave what is known.
    """
    now = timezone.now()
    known = AccessGrant.objects.filter(portal=portal, user_id=caller.user_id).first()
    grant = known or AccessGrant(portal=portal, user_id=caller.user_id, pair_number=0)
    is_new = known is None or not known.is_admin
    grant.user_name = storable(caller.profile.full_name, 255)
    grant.time_zone = storable(caller.profile.time_zone, 64)
    grant.language = language or grant.language
    grant.is_admin = True
    grant.state = AccessGrant.State.ACTIVE
    grant.access_token = caller.access_token
    grant.refresh_token = caller.refresh_token or grant.refresh_token
    grant.expires_at = caller.expires_at
    grant.pair_number += 1
    grant.refresh_holder = grant.refresh_until = None
    grant.renewed_at = grant.confirmed_at = now
    grant.save()
    return grant, is_new


class _PortalClient(Client):
    """A client that also notices when the application turns out to be gone from the portal."""

    def __init__(
        self,
        grant: AccessGrant,
        tokens: _GrantTokens,
        gate: Gate,
        recorder: Recorder | None,
        job_id: int | None,
    ) -> None:
        portal = grant.portal
        super().__init__(
            portal.client_endpoint,
            tokens,
            http=_connections(USER_AGENT, allow_insecure=settings.BITRIX24_ALLOW_INSECURE),
            on_move=partial(_follow_move, portal.pk, portal.member_id, portal.authorization_server, tokens),
            recorder=journal.recorder(also=recorder, member_id=portal.member_id, job_id=job_id),
            gate=gate,
        )
        self._portal_id = portal.pk
        # By whether it is certain: all requests that were under way together are one sign.
        self._signs: dict[bool, SharedAnswer[None]] = {True: SharedAnswer(), False: SharedAnswer()}

    def call(self, method: str, params: Mapping[str, object] | None = None) -> Answer:
        with self._noticing():
            return super().call(method, params)

    def batch(self, commands: Mapping[str, Command]) -> BatchAnswer:
        with self._noticing():
            return super().batch(commands)

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Note the sign when what is asked in the block shows that the application may be gone."""
        numbers = {certain: sign.number for certain, sign in self._signs.items()}
        try:
            yield
        except (NotInstalled, TokenRefused) as error:
            certain = removal.is_certain(error)
            if certain is not None:
                self._signs[certain].since(numbers[certain], partial(self._suspect, certain=certain))
            raise

    def _suspect(self, *, certain: bool) -> None:
        with leaving_none_open():
            removal.suspect(self._portal_id, certain=certain)


class _GrantTokens:
    """The pair of a grant, renewed when it is over or was refused, never before."""

    def __init__(self, grant: AccessGrant) -> None:
        self._grant_id = grant.pk
        self._pair = refreshing.StoredPair(grant.access_token, grant.expires_at, grant.pair_number)
        self._usable = grant.state == AccessGrant.State.ACTIVE
        # Threads that share a client ask once; the other processes are held off by the database.
        self._lock = threading.Lock()

    def access_token(self) -> str:
        with self._lock:
            if not self._usable or self._pair.expires_at <= timezone.now():
                self._renew()
            return self._pair.access_token

    def renewed(self, refused: str) -> str:
        with self._lock:
            if self._pair.access_token == refused:
                self._renew()
            return self._pair.access_token

    def known(self) -> str:
        """Return the token of the pair as it is, without asking anybody."""
        return self._pair.access_token

    def _renew(self) -> None:
        with leaving_none_open():
            self._pair = refreshing.newer_pair(self._grant_id, self._pair.number)
        self._usable = True


class _HeldTokens(_GrantTokens):
    """The same, for many requests at once: none of them renews, somebody does it for all."""

    _renewed_at = float("-inf")

    @property
    def number(self) -> int:
        return self._pair.number

    @property
    def is_fresh(self) -> bool:
        """Whether this process got the pair a moment ago."""
        return monotonic() - self._renewed_at < _FRESH_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether the pair's hour is over; what its moments say of a fresh one is not believed."""
        return not self._usable or (self._pair.expires_at <= timezone.now() and not self.is_fresh)

    def access_token(self) -> str:
        if self.is_over:
            raise RefreshNeeded("expired_token")
        return self._pair.access_token

    def renewed(self, refused: str) -> str:
        raise RefreshNeeded("expired_token")

    def renew(self) -> None:
        with self._lock:
            self._renew()
            self._renewed_at = monotonic()


class _GivenToken:
    """A token that arrived with a launch: there is no pair yet that could be renewed."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    def access_token(self) -> str:
        return self._access_token

    def renewed(self, refused: str) -> str:
        raise RefreshNeeded("expired_token")


class _NoTokens:
    """A webhook's address is its proof; there is nothing to send along and nothing to renew."""

    def access_token(self) -> str:
        return ""

    def renewed(self, refused: str) -> str:
        raise RefreshNeeded("expired_token")


def _webhook(grant: AccessGrant) -> Webhook:
    return Webhook(grant.portal.client_endpoint, grant.user_id, grant.access_token)


def _confirm_move(member_id: str, server: str, token: Callable[[], str], new_endpoint: str) -> str | None:
    """Return the portal's address as the authorization server knows it now, None if it is not that portal's.

    ``new_endpoint``, where the old address redirects to, is not looked at: only the server's word counts.
    """
    try:
        owner = servers(member_id).owner(token(), hint=server)
    except BitrixError:
        return None
    return owner.client_endpoint if owner.member_id == member_id else None


def _follow_move(
    portal_id: int, member_id: str, server: str, tokens: _GrantTokens, new_endpoint: str
) -> str | None:
    confirmed = _confirm_move(member_id, server, tokens.known, new_endpoint)
    if confirmed is not None:
        with leaving_none_open():
            Portal.objects.filter(pk=portal_id).update(
                client_endpoint=confirmed, domain=urlsplit(confirmed).netloc
            )
    return confirmed
