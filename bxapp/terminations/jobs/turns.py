"""The turn: one process at a time works for a portal, held by a lease in the database that ends by itself.

Every transaction for a portal begins with :meth:`HeldTurn.confirm`, so a process that was paused longer than
its lease can record nothing: another one has taken over and has asked the portal what became of its calls.
The database's clock decides, because those of two machines may differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now

from bxapp.portals.clocks import from_now
from bxapp.terminations.models import Turn

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

# Short, so that the work of a killed process goes on soon; it is prolonged every few seconds.
LEASE = timedelta(seconds=settings.LEASE_SECONDS)
HEARTBEAT_SECONDS = settings.LEASE_SECONDS / 5


class TurnLostError(Exception):
    """The lease ended and another process took the turn: stop at once, record nothing."""


@dataclass(slots=True, eq=False)
class HeldTurn:
    """The right to work for one portal, until the lease ends or :meth:`release`."""

    portal_id: int
    holder: UUID
    # When the lease was certainly prolonged last, on this process's clock.
    confirmed_at: float = field(default_factory=monotonic)

    def confirm(self) -> None:
        """Prolong the lease; inside a transaction this also keeps others from taking it until the commit.

        Raises TurnLostError when another process holds the turn.
        """
        asked_at = monotonic()
        held = Turn.objects.filter(portal_id=self.portal_id, holder=self.holder)
        if not held.update(until=from_now(LEASE)):
            raise TurnLostError(f"The turn of portal {self.portal_id} has gone to another process.")
        # A transaction that is taken back takes the longer lease back too.
        transaction.on_commit(partial(setattr, self, "confirmed_at", asked_at))

    def require_time(self) -> None:
        """Raise TurnLostError when the lease may end too soon for another request to leave.

        Needs no database. A process that was stopped between its commit and its request finds out here.
        """
        if monotonic() - self.confirmed_at > LEASE.total_seconds() / 2:
            raise TurnLostError(f"The turn of portal {self.portal_id} may be over: the process was stopped.")

    def release(self) -> None:
        """Give the turn back; without effect when it was lost."""
        Turn.objects.filter(portal_id=self.portal_id, holder=self.holder).update(holder=None, until=None)


def take(portal_id: int) -> HeldTurn | None:
    """Return the turn of a portal, or None while another process holds it.

    Whoever takes it looks at everything that is due, so wake-ups until now are served; those for later stay,
    lest each doubled message leave another one.
    """
    turn = HeldTurn(portal_id, uuid4())
    later = Case(When(wake_at__gt=Now(), then=F("wake_at")), default=None)
    values = {"holder": turn.holder, "until": from_now(LEASE), "wake_at": later}
    free = Turn.objects.filter(portal_id=portal_id).filter(Q(holder=None) | Q(until__lt=Now()))
    if free.update(**values):
        return turn
    _, is_new = Turn.objects.get_or_create(portal_id=portal_id)
    return turn if is_new and free.update(**values) else None


def keep(held: Collection[HeldTurn]) -> list[HeldTurn]:
    """Prolong the leases of all held turns in one statement; return those that were lost."""
    asked_at = monotonic()
    holders = [turn.holder for turn in held]
    if not holders:
        return []
    kept: set[UUID | None] = set(holders)
    if Turn.objects.filter(holder__in=holders).update(until=from_now(LEASE)) < len(holders):
        kept = set(Turn.objects.filter(holder__in=holders).values_list("holder", flat=True))
    for turn in held:
        if turn.holder in kept:
            turn.confirmed_at = asked_at
    return [turn for turn in held if turn.holder not in kept]


def held_until(portal_id: int) -> datetime | None:
    """Return when the lease of the process that works for a portal ends, unless prolonged; None without."""
    held = Turn.objects.filter(portal_id=portal_id, until__gte=Now()).exclude(holder=None)
    return held.values_list("until", flat=True).first()
