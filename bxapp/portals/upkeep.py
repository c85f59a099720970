"""What has to be done for portals in which nobody is at work."""

from __future__ import annotations

import logging
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from bxapp.bitrix.errors import BitrixError
from bxapp.bitrix.methods import profile
from bxapp.portals import grants, refreshing, removal
from bxapp.portals.models import AccessGrant, Portal

log = logging.getLogger(__name__)

# A refresh token lives for 180 days; a month is left for portals that do not answer.
IDLE = timedelta(days=150)


def renew_idle_grants() -> None:
    """Renew each pair that has not been renewed for 150 days; one that fails is tried again tomorrow."""
    idle = AccessGrant.objects.filter(
        state=AccessGrant.State.ACTIVE,
        is_admin=True,
        portal__state=Portal.State.INSTALLED,
        portal__kind=Portal.Kind.APPLICATION,
        renewed_at__lt=timezone.now() - IDLE,
    )
    for grant_id, number in list(idle.order_by("renewed_at").values_list("pk", "pair_number")):
        try:
            refreshing.newer_pair(grant_id, number)
        except BitrixError as error:
            log.warning("The idle grant %s could not be renewed: %s", grant_id, error)


def look_again_where_absent() -> None:
    """Ask portals that seemed to lack the application once more: another sign, or all of them cleared."""
    suspected = Portal.objects.filter(state=Portal.State.INSTALLED, absent_since__isnull=False)
    for portal in list(suspected):
        grant = (
            portal.grants.filter(state=AccessGrant.State.ACTIVE, is_admin=True)
            .select_related("portal")
            .order_by("-renewed_at")
            .first()
        )
        if grant is None:
            removal.suspect(portal.pk, certain=False)
            continue
        try:
            profile(grants.client_for(grant))
        except BitrixError as error:
            # A client notes by itself what counts as a sign; being unreachable does not.
            log.info("Portal %s, asked again: %s", portal.pk, error)
        else:
            removal.clear_suspicion(portal.pk)


def forget_ended_browser_sessions() -> None:
    """Delete the rows of browser sessions that are over."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
