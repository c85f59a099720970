"""Overviews kept per portal: the newest is shown again for a minute, older ones tell what has grown since.

They hold counts and IDs of templates and people, no names, and go with the portal's other data.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from bxapp.workflows.models import KeptOverview
from bxapp.workflows.names import is_still_there
from bxapp.workflows.overview_counts import Counts, packed, unpacked

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.portals.models import Portal

KEPT_FOR = timedelta(days=14)
# Older ones stand at least this far apart: enough to see what grows, few enough to be no burden.
APART = timedelta(hours=1)


def keep(portal: Portal, counts: Counts) -> None:
    """Keep what was just counted; drops what is too old, or too close to the one before it."""
    with transaction.atomic():
        if not is_still_there(portal):
            return
        rows = KeptOverview.objects.filter(portal=portal)
        rows.filter(counted_at__lt=counts.counted_at - KEPT_FOR).delete()
        latest = list(rows.order_by("-counted_at").values_list("pk", "counted_at")[:2])
        if len(latest) == 2 and latest[0][1] - latest[1][1] < APART:
            rows.filter(pk=latest[0][0]).delete()
        KeptOverview.objects.create(portal=portal, counted_at=counts.counted_at, content=packed(counts))


def latest(portal: Portal, *, until: datetime | None = None) -> Counts | None:
    """Return the portal's newest overview, or the newest that was counted by ``until``; None without one."""
    rows = KeptOverview.objects.filter(portal=portal)
    if until is not None:
        rows = rows.filter(counted_at__lte=until)
    row = rows.order_by("-counted_at").first()
    return unpacked(row.content, row.counted_at) if row else None


def forget_old() -> None:
    """Drop the overviews of all portals that are too old to be compared with."""
    KeptOverview.objects.filter(counted_at__lt=timezone.now() - KEPT_FOR).delete()


def erase(portal: Portal) -> None:
    """Forget every overview of a portal that removed the application."""
    KeptOverview.objects.filter(portal=portal).delete()
