"""The page of a refusal: in the person's language, it says why something is not done and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.http import JsonResponse
from django.shortcuts import render
from django.utils import translation

from bxapp.web import framing
from bxapp.web.refusal_texts import text_of
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

STATUS: dict[RefusalReason, int] = {
    RefusalReason.SESSION_ENDED: 401,
    RefusalReason.PORTAL_UNREACHABLE: 502,
    RefusalReason.PORTAL_FAILED: 502,
    RefusalReason.PORTAL_BUSY: 503,
    RefusalReason.FORM_INCOMPLETE: 400,
    RefusalReason.NOT_FOUND: 404,
    RefusalReason.FAILED: 500,
}
# Only the portal's page can show what has become of the application there.
_SEEN_IN_PORTAL = frozenset({RefusalReason.REMOVED})
_CURED_BY_SIGNING_IN = frozenset({RefusalReason.OUTSIDE_PORTAL, RefusalReason.SESSION_ENDED})


def respond(request: HttpRequest, refusal: Refusal, *, status: int | None = None) -> HttpResponse:
    """Return the page of a refusal: whole, as a fragment for htmx, or as JSON for a JSON request.

    The header ``X-Flowstop-Refusal`` names the reason for the front end. Status 403 where no other says
    it better. Without a bearer session there is nothing that the frame could renew, so 401 is not said.
    """
    if status is None:
        status = STATUS.get(refusal.reason, 403)
        if status == 401 and "Authorization" not in request.headers:
            status = 403
    text = text_of(refusal.reason)
    in_browser = "Authorization" not in request.headers and not framing.is_framed(request)
    may_sign_in = in_browser and refusal.reason in _CURED_BY_SIGNING_IN
    response: HttpResponse
    if request.content_type == "application/json":
        response = JsonResponse(
            {"refusal": refusal.reason, "title": text.title, "why": text.why, "what": text.what},
            status=status,
        )
    else:
        context = {
            "refusal": refusal,
            "text": text,
            "may_sign_in": may_sign_in,
            "leads_to_portal": not in_browser and refusal.reason in _SEEN_IN_PORTAL,
            "list_query": _list_query(request) if may_sign_in else "",
        }
        response = render(request, "web/refusal.html", context, status=status)
    response["X-Flowstop-Refusal"] = refusal.reason.value
    response["Cache-Control"] = "no-store"
    if refusal.retry_after_seconds:
        response["Retry-After"] = str(int(refusal.retry_after_seconds) + 1)
    if may_sign_in:
        framing.let_forms_lead_to_portals(response)
    return response


def _list_query(request: HttpRequest) -> str:
    """Return the query of the list that was asked for: whoever signs in shall see just that."""
    if request.method != "GET":
        return ""
    return request.GET.urlencode() if request.path == "/workflows/" else request.GET.get("list", "")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose proof of origin is missing or stale (Django calls this)."""
    return respond(request, Refusal(RefusalReason.FORM_EXPIRED))


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that could not be read: too long, too many fields, no form (``handler400``)."""
    return respond(request, Refusal(RefusalReason.FORM_INCOMPLETE))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist (``handler404``)."""
    return respond(request, Refusal(RefusalReason.NOT_FOUND))


def failed(request: HttpRequest) -> HttpResponse:
    """Answer a request that made the program itself fail (``handler500``).

    Where it is the database that fails, the page does without what it would ask there of the person.
    """
    # What failed before the person was known was not in anybody's language either.
    known = hasattr(request, "actor")
    language = translation.get_language() if known else translation.get_language_from_request(request)
    with translation.override(language):
        try:
            return respond(request, Refusal(RefusalReason.FAILED))
        except DatabaseError:
            request.actor = None  # type: ignore[attr-defined]  # set by portals.middleware
            return respond(request, Refusal(RefusalReason.FAILED))
