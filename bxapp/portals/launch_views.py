"""What the portal opens in its frame: the application and its installer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from bxapp.bitrix.errors import BitrixError
from bxapp.bitrix.launch import MalformedForm, parse_launch
from bxapp.portals import deep_links, handlers, lifecycle, sessions
from bxapp.portals.access import administrator
from bxapp.portals.verification import verify
from bxapp.web import framing
from bxapp.web.bodies import short_body
from bxapp.web.middleware import supported_language, zone_of
from bxapp.web.refusal_pages import respond
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest

    from bxapp.bitrix.launch import Launch
    from bxapp.portals.access import ActorRequest
    from bxapp.portals.models import AccessGrant, Portal
    from bxapp.portals.verification import Caller

log = logging.getLogger(__name__)


# The form's proof is the access token in it; no cookie gives it any rights.
@csrf_exempt
@short_body
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest) -> HttpResponse:
    """Open the application: POST is a launch by the portal, HEAD a check of the address by Bitrix24."""
    if request.method != "POST":
        return _outside(request)
    launch, caller = _launched(request)
    lifecycle.admit(caller)
    portal, grant = lifecycle.opened(
        caller,
        application_token=launch.application_token,
        license_status=launch.status,
        language=launch.language,
    )
    if portal.handlers_bound_at is None:
        # Without an installer, or after an update; work need not wait for it, the next opening tries again.
        try:
            handlers.bind(grant)
        except BitrixError as error:
            log.warning("No handlers could be bound in portal %s: %s", portal.pk, error)
    first_query = deep_links.first_query(launch)
    return _page(request, "portals/application.html", portal, grant, first_query=first_query)


@csrf_exempt
@short_body
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def installer(request: HttpRequest) -> HttpResponse:
    """Set the portal up; the page tells the portal that the installation is finished, once all of it is."""
    if request.method != "POST":
        return _outside(request)
    launch, caller = _launched(request)
    lifecycle.admit(caller, not_administrator=RefusalReason.INSTALLER_NOT_ADMINISTRATOR)
    portal, grant = lifecycle.install(
        caller,
        application_token=launch.application_token,
        license_status=launch.status,
        language=launch.language,
    )
    return _page(request, "portals/installed.html", portal, grant, **_bound(grant))


@require_POST
@administrator
def bind_again(request: ActorRequest) -> HttpResponse:
    """Try once more to bind the handlers, from the page of an installation that could not."""
    return render(request, "portals/installed.html", _bound(request.actor.grant))


def _outside(request: HttpRequest) -> HttpResponse:
    if request.method == "HEAD":
        return HttpResponse()
    if getattr(request, "actor", None) is not None:
        return redirect("/workflows/")
    return respond(request, Refusal(RefusalReason.OUTSIDE_PORTAL), status=200)


def _launched(request: HttpRequest) -> tuple[Launch, Caller]:
    """Return the launch and its confirmed caller; from then on only that portal may frame the answer."""
    framing.allow_unconfirmed(request)
    try:
        launch = parse_launch(request.GET, request.POST)
    except MalformedForm as error:
        log.info("Refused a launch without a usable %s", error.field)
        raise Refusal(RefusalReason.FORM_INCOMPLETE) from None
    caller = verify(
        launch.access_token,
        server_hint=launch.server_hint,
        member_id=launch.member_id,
        refresh_token=launch.refresh_token,
        expires_in_seconds=launch.expires_in_seconds,
    )
    framing.allow_portal(request, caller.owner.client_endpoint)
    return launch, caller


def _bound(grant: AccessGrant) -> dict[str, Any]:
    """Bind the handlers; return what the installer's page says about it."""
    try:
        handlers.bind(grant)
    except BitrixError as error:
        log.warning("No handlers could be bound in portal %s: %s", grant.portal_id, error)
        return {"is_bound": False, "portal_words": error.words}
    return {"is_bound": True}


def _page(
    request: HttpRequest, template: str, portal: Portal, grant: AccessGrant, **context: Any
) -> HttpResponse:
    """Return a whole page that carries a session of its own."""
    document = sessions.new_document()
    actor = sessions.Actor(portal, grant, sessions.Channel.FRAME)
    request.actor = actor  # type: ignore[attr-defined]  # read through access.ActorRequest
    # The middleware could not know the person yet; it ends both with the request.
    timezone.activate(zone_of(actor.time_zone))
    translation.activate(supported_language(actor.language))
    context |= {
        "session_token": sessions.issue(portal, grant, document),
        "document_id": document,
        "session_expires_in_seconds": sessions.LIFETIME_SECONDS,
    }
    return render(request, template, context)
