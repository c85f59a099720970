"""Wake-ups: "look what there is to do for this portal". A moment in the database, and a Celery message.

The message reaches a worker that has nothing to do. A worker that is at work looks at the moments a few times
a second, and so finds both portals that it could take and news for those it holds. Neither is the truth: jobs
and items are. A broker that does not take a message is logged and forgotten, and the sweep finds the work.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from celery import current_app
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError

from bxapp.portals.clocks import from_now
from bxapp.terminations.models import Turn

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

logger = logging.getLogger(__name__)

RUN_PORTAL = "bxapp.terminations.tasks.run_portal"

# Later moments are left to the sweep: a message that waits longer fills the memory of a worker, and Redis
# delivers it a second time after its visibility timeout.
LATEST_WAKE_UP = timedelta(minutes=2)
_ABOUT_THE_SAME = timedelta(seconds=0.5)
# After a failure the broker is left alone this long: a slot that hands sixteen portals back would wait for a
# broker that hangs sixteen times, and the leases of those that it still works for would end meanwhile.
_BROKER_PAUSE_SECONDS = 2.0


def wake(portal_id: int, *, expires_seconds: float | None = None) -> None:
    """Say that there is something to do for a portal now. Not inside a transaction that holds its turn."""
    if not Turn.objects.filter(portal_id=portal_id).update(wake_at=Now()):
        Turn.objects.get_or_create(portal_id=portal_id, defaults={"wake_at": Now()})
    _send(portal_id, expires_seconds=expires_seconds)


def wake_at(portal_id: int, moment: datetime) -> None:
    """Say that there will be something to do for a portal at ``moment``, unless that was said for sooner.

    The condition keeps doubled messages from leaving two wake-ups each, and those four.
    """
    delay = max(timedelta(0), moment - timezone.now())
    if delay > LATEST_WAKE_UP:
        return
    moment_there = from_now(delay)
    none_sooner = Turn.objects.filter(portal_id=portal_id).filter(
        Q(wake_at=None) | Q(wake_at__gt=from_now(delay + _ABOUT_THE_SAME))
    )
    if none_sooner.update(wake_at=moment_there):
        _send(portal_id, countdown_seconds=delay.total_seconds())


def calls(held: Collection[int], limit: int) -> tuple[set[int], list[int]]:
    """Return which of the ``held`` portals have been woken, and up to ``limit`` others that nobody works for.

    The former are noted as served: the caller looks at what is new there. Among the others are those whose
    process has died, as soon as its lease is over.
    """
    woken_there = Q(wake_at__lte=Now()) & (Q(portal_id__in=held) | Q(holder=None))
    left_behind = Q(until__lt=Now()) & ~Q(holder=None)
    rows = Turn.objects.filter(woken_there | left_behind)
    found = list(
        rows.order_by(F("wake_at").asc(nulls_first=True)).values_list("portal_id", flat=True)[
            : len(held) + limit
        ]
    )
    woken = set(found) & set(held)  # of a left behind one that is held here, the lease turns out to be lost
    if woken:
        Turn.objects.filter(portal_id__in=woken, wake_at__lte=Now()).update(wake_at=None)
    return woken, [portal_id for portal_id in found if portal_id not in woken][:limit]


class _Broker:
    """What this process knows of the broker: until when it is not tried again."""

    silent_until = float("-inf")


def _send(portal_id: int, *, countdown_seconds: float = 0, expires_seconds: float | None = None) -> None:
    if monotonic() < _Broker.silent_until:
        return
    try:
        current_app.send_task(
            RUN_PORTAL,
            args=[portal_id],
            countdown=countdown_seconds or None,
            expires=expires_seconds,
            retry=False,
        )
    except (OperationalError, OSError) as error:
        _Broker.silent_until = monotonic() + _BROKER_PAUSE_SECONDS
        logger.warning("No wake-up for portal %s, the sweep will find it: %s", portal_id, error)
