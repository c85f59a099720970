"""Events that a portal's queue server posts: late, in any order, never repeated, and possibly forged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from bxapp.bitrix.launch import MalformedForm, parse_event
from bxapp.portals import lifecycle
from bxapp.portals.models import Portal
from bxapp.portals.verification import verify
from bxapp.web.bodies import short_body
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from django.http import HttpRequest

    from bxapp.bitrix.launch import Event

log = logging.getLogger(__name__)

_NOT_LOOKED_UP = frozenset({RefusalReason.PORTAL_UNREACHABLE, RefusalReason.PORTAL_BUSY})


@csrf_exempt
@short_body
@sensitive_post_parameters()
@require_POST
def event(request: HttpRequest) -> HttpResponse:
    """Take an event: 200 if accepted or of no interest, 403 if nothing proves it, 400 if broken."""
    try:
        heard = parse_event(request.POST)
    except MalformedForm as error:
        log.info("Refused an event without a usable %s", error.field)
        return HttpResponse(status=400)
    portal = Portal.objects.filter(member_id=heard.member_id).first()
    if portal is not None and _is_proven(portal, heard):
        _obey(portal, heard)
        return HttpResponse()
    if heard.name == "ONAPPINSTALL" and heard.access_token:
        return HttpResponse(status=_install(heard))
    log.warning("Refused an event %s for portal %s: not proven", heard.name, heard.member_id)
    return HttpResponse(status=403)


def _is_proven(portal: Portal, heard: Event) -> bool:
    """Whether the event names the secret that this portal and the application share."""
    known = portal.application_token
    return bool(known) and constant_time_compare(known, heard.application_token)


def _obey(portal: Portal, heard: Event) -> None:
    match heard.name:
        case "ONAPPUNINSTALL":
            lifecycle.uninstall(portal.pk, happened_at=heard.ts)
        case "ONAPPUPDATE":
            # Some servers drop the handlers on an update: the next opening binds them anew.
            Portal.objects.filter(pk=portal.pk).update(handlers_bound_at=None)
        case _:
            # ONAPPINSTALL of a portal that is set up already tells nothing new.
            pass


def _install(heard: Event) -> int:
    """Set up a portal that announces itself; return the status of the answer.

    Its application token proves nothing yet, so the access token must: asked about at the authorization
    servers only, as with a launch. An administrator's makes the portal known; the installer, or the first
    opening, does the rest.
    """
    try:
        caller = verify(
            heard.access_token,
            server_hint=heard.server_hint,
            member_id=heard.member_id,
            refresh_token=heard.refresh_token,
            expires_in_seconds=heard.expires_in_seconds,
        )
    except Refusal as refusal:
        log.warning("An installation of portal %s was not confirmed: %s", heard.member_id, refusal.reason)
        # What could not be looked up is no forgery; the installer page will come, or an opening.
        return 200 if refusal.reason in _NOT_LOOKED_UP else 403
    if caller.profile.is_admin and caller.has_scope:
        lifecycle.opened(
            caller,
            application_token=heard.application_token,
            license_status=heard.status,
            language=heard.language,
        )
    return 200
