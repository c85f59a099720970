"""The turn: one run at a time works for a portal, held by a lease in the database that ends by itself.

Every transaction of a run begins with :meth:`HeldTurn.confirm`, so a run that was paused longer than its
lease can record nothing: another one has taken over and has asked the portal what became of its calls.
The database's clock decides, because those of two machines may differ.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from django.db.models import Q, Value
from django.db.models.functions import Now

from bxapp.terminations.models import Turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from django.db.models.expressions import CombinedExpression

Answer = TypeVar("Answer")

# Short, so that the work of a killed process goes on soon; it is prolonged every few seconds while a request
# is under way, however long that takes.
LEASE = timedelta(seconds=20)
_HEARTBEAT_SECONDS = 4.0
# A process that was stopped this long between its last heartbeat and its request may have lost the turn.
_LATEST_START_SECONDS = LEASE.total_seconds() / 2


class TurnLostError(Exception):
    """The lease ended and another run took the turn: stop at once, record nothing."""


@dataclass(frozen=True, slots=True)
class HeldTurn:
    """The right to work for one portal, until the lease ends or :meth:`release`."""

    portal_id: int
    holder: UUID

    def confirm(self) -> None:
        """Prolong the lease; inside a transaction this also keeps others from taking it until the commit.

        Raises TurnLostError when another run holds the turn.
        """
        held = Turn.objects.filter(portal_id=self.portal_id, holder=self.holder)
        if not held.update(until=_lease_end()):
            raise TurnLostError(f"The turn of portal {self.portal_id} has gone to another run.")

    def ask(self, request: Callable[[], Answer]) -> Answer:
        """Return what ``request``, one HTTP request, answers; raises what it raises, or TurnLostError.

        The request runs in a thread of its own, and this one keeps the lease alive meanwhile. Must not be
        called inside a transaction.
        """
        self.confirm()
        confirmed = monotonic()

        def in_time() -> Answer:
            if monotonic() - confirmed > _LATEST_START_SECONDS:
                raise TurnLostError(f"The run for portal {self.portal_id} was stopped before its request.")
            return request()

        answer = _requests().submit(in_time)
        while True:
            try:
                return answer.result(timeout=_HEARTBEAT_SECONDS)
            except TimeoutError:
                # Also what a request may raise; it has an answer then.
                if answer.done():
                    return answer.result()
                self.confirm()

    def release(self) -> None:
        """Give the turn back; without effect when it was lost."""
        Turn.objects.filter(portal_id=self.portal_id, holder=self.holder).update(holder=None, until=None)


def take(portal_id: int) -> HeldTurn | None:
    """Return the turn of a portal, or None while another run holds it."""
    Turn.objects.get_or_create(portal_id=portal_id)
    turn = HeldTurn(portal_id, uuid4())
    free = Turn.objects.filter(portal_id=portal_id).filter(Q(holder=None) | Q(until__lt=Now()))
    return turn if free.update(holder=turn.holder, until=_lease_end()) else None


def held_until(portal_id: int) -> datetime | None:
    """Return when the lease of the run that works for a portal ends, unless prolonged; None without a run."""
    held = Turn.objects.filter(portal_id=portal_id, until__gte=Now()).exclude(holder=None)
    return held.values_list("until", flat=True).first()


def _lease_end() -> CombinedExpression:
    return Now() + Value(LEASE)


@lru_cache(maxsize=1)
def _requests() -> ThreadPoolExecutor:
    # Made at the first request, so that a worker that forks has threads of its own.
    return ThreadPoolExecutor(max_workers=32, thread_name_prefix="portal-request")
