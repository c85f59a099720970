"""Sessions that go on, and sessions that end."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from bxapp.bitrix.launch import MalformedForm, parse_launch
from bxapp.portals import lifecycle, sessions
from bxapp.portals.middleware import bearer
from bxapp.portals.models import Portal
from bxapp.portals.verification import verify
from bxapp.web.bodies import short_body
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from django.http import HttpRequest

    from bxapp.bitrix.launch import Launch

log = logging.getLogger(__name__)

_FIELDS = ("AUTH_ID", "REFRESH_ID", "AUTH_EXPIRES", "member_id")


# The access token in the body is the proof, and no cookie gives it any rights.
@csrf_exempt
@short_body
@never_cache
@sensitive_variables()
@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """Give a page that was left open a new session for the same document and the same person.

    The page shows the session it had, even one that is over, and a pair that the frame's ``refreshAuth``
    gave it, which is confirmed exactly like that of a launch. Answers JSON: ``session`` and
    ``expires_in_seconds``, or a refusal. A portal that removed the application gives no pair any more: the
    page asks without one, and is told so.
    """
    frame = bearer(request)
    claim = sessions.read_renewable(*frame) if frame else None
    if frame is None or claim is None:
        raise Refusal(RefusalReason.SESSION_ENDED)
    if sessions.is_removed(claim):
        raise Refusal(RefusalReason.REMOVED)
    launch, document = _renewal(request)
    portal = Portal.objects.filter(
        pk=claim.portal_id, installation=claim.installation, state=Portal.State.INSTALLED
    ).first()
    if portal is None or portal.member_id != launch.member_id or document != claim.document:
        raise Refusal(RefusalReason.SESSION_ENDED)
    caller = verify(
        launch.access_token,
        server_hint="",
        member_id=launch.member_id,
        refresh_token=launch.refresh_token,
        expires_in_seconds=launch.expires_in_seconds,
    )
    if caller.user_id != claim.user_id:
        log.warning("User %s tried to renew the session of user %s", caller.user_id, claim.user_id)
        raise Refusal(RefusalReason.SESSION_ENDED)
    lifecycle.admit(caller)
    portal, grant = lifecycle.opened(caller)
    return JsonResponse(
        {
            "session": sessions.issue(portal, grant, claim.document),
            "expires_in_seconds": sessions.LIFETIME_SECONDS,
        }
    )


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End a browser's session. In the frame the portal's own session decides, and a page is simply closed."""
    request.session.flush()
    return redirect("/")


def _renewal(request: HttpRequest) -> tuple[Launch, str]:
    try:
        content = json.loads(request.body)
        form = {name: str(content[name]) for name in _FIELDS if content.get(name) is not None}
        return parse_launch({}, form), str(content.get("document", ""))
    except (MalformedForm, ValueError, RecursionError, AttributeError):
        raise Refusal(RefusalReason.FORM_INCOMPLETE) from None
