"""The portal's events that this application wants to hear of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from bxapp.bitrix.methods import bind_events
from bxapp.portals import grants
from bxapp.portals.models import Portal

if TYPE_CHECKING:
    from bxapp.portals.models import AccessGrant

EVENTS = ("ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL")


def bind(grant: AccessGrant) -> None:
    """Bind the handlers of all events in one batch, with an administrator's token, and remember it.

    Repeating it is harmless. Raises BitrixError.
    """
    bind_events(grants.client_for(grant), f"{settings.APP_BASE_URL}/events/", EVENTS)
    Portal.objects.filter(
        pk=grant.portal_id, installation=grant.portal.installation, state=Portal.State.INSTALLED
    ).update(handlers_bound_at=timezone.now())
