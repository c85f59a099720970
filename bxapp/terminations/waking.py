"""Wake-ups: Celery messages that say "look what there is to do for this portal", and nothing else.

The database is the truth; a message may be lost, late or double. A broker that does not take one is logged
and forgotten: the sweep finds the work.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from celery import current_app
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from bxapp.terminations.models import Turn

if TYPE_CHECKING:
    from datetime import datetime

logger = logging.getLogger(__name__)

RUN_PORTAL = "bxapp.terminations.tasks.run_portal"

# Later moments are left to the sweep: a message that waits longer fills the memory of a worker, and Redis
# delivers it a second time after its visibility timeout.
LATEST_WAKE_UP = timedelta(minutes=2)


def wake(portal_id: int, *, countdown_seconds: float = 0, expires_seconds: float | None = None) -> None:
    """Ask for a run for a portal, now or after a countdown."""
    try:
        current_app.send_task(
            RUN_PORTAL,
            args=[portal_id],
            countdown=countdown_seconds or None,
            expires=expires_seconds,
            retry=False,
        )
    except (OperationalError, OSError) as error:
        logger.warning("No wake-up for portal %s, the sweep will find it: %s", portal_id, error)


def wake_at(portal_id: int, moment: datetime) -> None:
    """Leave one wake-up for ``moment``, unless one is on its way for that moment or sooner.

    The condition keeps doubled messages from leaving two wake-ups each, and those four.
    """
    now = timezone.now()
    if moment - now > LATEST_WAKE_UP:
        return
    moment = max(moment, now)
    none_sooner = Turn.objects.filter(portal_id=portal_id).filter(
        Q(wake_at=None) | Q(wake_at__lt=now) | Q(wake_at__gt=moment)
    )
    if none_sooner.update(wake_at=moment):
        wake(portal_id, countdown_seconds=(moment - now).total_seconds())
