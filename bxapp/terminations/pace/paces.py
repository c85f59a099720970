"""The pace of each portal, kept in the database between its jobs."""

from __future__ import annotations

from django.utils import timezone

from bxapp.terminations.models import Pace
from bxapp.terminations.pace.pacing import Pacer
from bxapp.terminations.pace.portal_memory import PortalMemory


def pacer_for(portal_id: int) -> Pacer:
    """Return a pacer that starts where the portal's last job ended."""
    stored = Pace.objects.filter(portal_id=portal_id).values_list("memory", flat=True).first()
    return Pacer(PortalMemory.from_json(stored))


def kept_pace(portal_id: int, pacer: Pacer) -> None:
    """Store what was learned of a portal."""
    memory = pacer.memory()
    if memory != PortalMemory():
        Pace.objects.update_or_create(
            portal_id=portal_id, defaults={"memory": memory.as_json(), "learned_at": timezone.now()}
        )
