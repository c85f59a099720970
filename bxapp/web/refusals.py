"""Refusals: a page in the person's language that says why something is not done, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.shortcuts import render

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class RefusalReason(models.TextChoices):
    NOT_ADMINISTRATOR = "not_administrator"
    INSTALLER_NOT_ADMINISTRATOR = "installer_not_administrator"
    WRONG_APPLICATION = "wrong_application"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105  (a reason's code, no secret)
    PORTAL_UNREACHABLE = "portal_unreachable"
    NO_WORKFLOWS_IN_PLAN = "no_workflows_in_plan"
    SCOPE_MISSING = "scope_missing"
    OUTSIDE_PORTAL = "outside_portal"
    SESSION_ENDED = "session_ended"
    NOT_INSTALLED = "not_installed"
    FORM_INCOMPLETE = "form_incomplete"
    FORM_EXPIRED = "form_expired"
    NOT_FOUND = "not_found"


class Refusal(Exception):  # noqa: N818  (it is an answer, not an error)
    """Raised anywhere below a view; the middleware answers with the page that belongs to the reason.

    ``portal_words`` are shown as the portal's own words, escaped.
    """

    def __init__(self, reason: RefusalReason, *, portal_words: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.portal_words = portal_words


STATUS: dict[RefusalReason, int] = {
    RefusalReason.SESSION_ENDED: 401,
    RefusalReason.PORTAL_UNREACHABLE: 502,
    RefusalReason.FORM_INCOMPLETE: 400,
    RefusalReason.NOT_FOUND: 404,
}


def respond(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return the page of a refusal; 403 where no other status says it better."""
    return render(
        request,
        "web/refusal.html",
        {"refusal": refusal},
        status=STATUS.get(refusal.reason, 403),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose proof of origin is missing or stale (Django calls this)."""
    return respond(request, Refusal(RefusalReason.FORM_EXPIRED))
