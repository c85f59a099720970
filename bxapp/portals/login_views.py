"""Signing in outside a portal's frame: OAuth 2.0 with the portal that the person names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bxapp.bitrix.addresses import portal_address
from bxapp.bitrix.errors import BitrixError, GrantRefused
from bxapp.bitrix.launch import MalformedForm
from bxapp.portals import deep_links, lifecycle, logins, sessions
from bxapp.portals.authorization import servers
from bxapp.portals.verification import verify
from bxapp.web.refusal_pages import respond
from bxapp.web.refusals import Refusal, RefusalReason, of_error

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from bxapp.portals.verification import Caller

log = logging.getLogger(__name__)

# "none": typed, or a bookmark. Every current browser sends the header.
_OWN_WISH = frozenset({"none", "same-origin"})


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show who is signed in the workflows, and others where to sign in."""
    if getattr(request, "actor", None) is not None:
        return redirect("/workflows/")
    return respond(request, Refusal(RefusalReason.OUTSIDE_PORTAL), status=200)


@never_cache
@require_safe
def log_in(request: HttpRequest) -> HttpResponse:
    """Send the browser to the portal that ``portal`` names, to ask there who the person is.

    ``list`` is the query of the list that the person wanted to see, where it was one.

    Where another site's page sent the browser, the person is asked first: nobody shall be signed in, or sent
    to any address in our name, by a link or a picture of somebody else's.
    """
    portal = request.GET.get("portal", "").strip()
    if not portal:
        return home(request)
    try:
        address = portal_address(portal, allow_insecure=settings.BITRIX24_ALLOW_INSECURE)
    except MalformedForm:
        return respond(request, Refusal(RefusalReason.OUTSIDE_PORTAL), status=400)
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_WISH:
        return respond(request, Refusal(RefusalReason.OUTSIDE_PORTAL), status=200)
    wanted = request.GET.get("list", "")
    state = logins.begin(request.session, address, deep_links.understood(wanted) if wanted else "")
    return HttpResponseRedirect(servers().authorize_url(address, state))


@never_cache
@require_safe
def log_in_callback(request: HttpRequest) -> HttpResponse:
    """Take the browser back from the portal with a code, and sign the person in."""
    login = logins.end(request.session, request.GET.get("state", ""))
    code = request.GET.get("code", "")
    if login is None or not code:
        raise Refusal(RefusalReason.FORM_EXPIRED)
    caller = _confirmed(code, request.GET.get("server_domain", ""))
    if not logins.is_same_portal(login.portal, caller.owner.client_endpoint):
        log.warning("A sign-in asked for one portal and came back from portal %s", caller.owner.member_id)
        raise Refusal(RefusalReason.WRONG_PORTAL)
    lifecycle.admit(caller)
    stored_portal, grant = lifecycle.opened(caller)
    sessions.sign_in(request.session, stored_portal, grant)
    rotate_token(request)
    return redirect(f"/workflows/?{login.list_query}" if login.list_query else "/workflows/")


def _confirmed(code: str, server_hint: str) -> Caller:
    """Exchange the code, and confirm whose the pair is exactly as with a launch."""
    try:
        pair = servers().exchange(server_hint, code)
    except GrantRefused:
        raise Refusal(RefusalReason.FORM_EXPIRED) from None
    except BitrixError as error:
        raise of_error(error) from error
    return verify(
        pair.access_token,
        server_hint=server_hint,
        member_id=pair.member_id,
        refresh_token=pair.refresh_token,
    )
