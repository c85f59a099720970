"""The portal's events that this application wants to hear of, and what is asked where they are bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from bxapp.bitrix.errors import BitrixError, Unheard
from bxapp.bitrix.methods import LICENSE_QUESTION, bind_events, read_license
from bxapp.portals import grants, limits
from bxapp.portals.models import Portal

if TYPE_CHECKING:
    from bxapp.bitrix.answers import Answer
    from bxapp.portals.models import AccessGrant

_LICENSE = "license"
EVENTS = ("ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL")


def bind(grant: AccessGrant) -> None:
    """Bind the handlers of all events in one batch, with an administrator's token, and remember it.

    The same request asks for the licence, so that a portal's first job knows its limits: one on-premise
    would get the long batches and many requests at once of a portal whose requests are scarce, and its
    people wait behind them. Where that request breaks the portal it is repeated without: no question may
    hinder an installation. Repeating it is harmless. Raises BitrixError.
    """
    client, url = grants.client_for(grant), f"{settings.APP_BASE_URL}/events/"
    answer: Answer | BitrixError
    try:
        answer = bind_events(client, url, EVENTS, also={_LICENSE: LICENSE_QUESTION})[_LICENSE]
    except Unheard as error:
        if not error.server_failed:
            raise
        answer = error
        bind_events(client, url, EVENTS)
    Portal.objects.filter(
        pk=grant.portal_id, installation=grant.portal.installation, state=Portal.State.INSTALLED
    ).update(handlers_bound_at=timezone.now())
    _keep_license(grant.portal, answer)


def _keep_license(portal: Portal, answer: Answer | BitrixError) -> None:
    try:
        limits.keep_license(portal, read_license(answer))
    except BitrixError as error:
        limits.keep_no_license(portal, error)
