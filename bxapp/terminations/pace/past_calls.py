"""How many calls a portal has had lately, from its items, which are committed before a call leaves."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, F, Sum
from django.utils import timezone

from bxapp.portals.clocks import CLOCKS_APART
from bxapp.terminations.models import Item


def calls_within(portal_id: int, seconds: float) -> int:
    """Return how many calls left for a portal within the last ``seconds``, whoever sent them, at most.

    For the holder of the portal's turn, whom nobody overtakes. A call that was sent again counts with all
    its attempts, though some may be older.
    """
    since = timezone.now() - timedelta(seconds=seconds) - CLOCKS_APART
    of_portal = Item.objects.filter(portal_id=portal_id)
    sent = of_portal.filter(sent_at__gte=since).aggregate(
        items=Count("pk"), repeated=Sum(F("attempts") + F("unheard_calls") + F("breaks") + F("ghost_calls"))
    )
    return int(sent["items"]) + int(sent["repeated"] or 0)
