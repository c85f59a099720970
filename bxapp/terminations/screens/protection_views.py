"""The section of the settings where templates are protected: those that are, and a search for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bxapp.bitrix import errors
from bxapp.portals.access import ActorRequest, administrator
from bxapp.terminations.screens.settings_page import SettingsPage
from bxapp.web import refusals
from bxapp.web.context import wants_fragment
from bxapp.web.refusal_texts import text_of
from bxapp.web.refusals import Refusal, RefusalReason
from bxapp.workflows import protected, template_search

if TYPE_CHECKING:
    from typing import Any

_SEE_OTHER = 303
# What another try may cure; everything else is a refusal that the middleware answers.
_TRY_AGAIN = (errors.TryLater, errors.Unheard, errors.MethodFailed, errors.OurMistake)


@require_safe
@administrator
def search(request: ActorRequest) -> HttpResponse:
    """Show templates of the portal whose names contain ``part``."""
    part = request.GET.get("part", "")
    context: dict[str, Any] = {"part": part.strip()}
    try:
        context["choices"] = template_search.search(request.actor, part)
    except _TRY_AGAIN as error:
        context["trouble"] = text_of(refusals.of_error(error).reason)
    return render(request, "settings/template_choices.html", context)


@require_POST
@administrator
def protect(request: ActorRequest, template_id: int) -> HttpResponse:
    """Protect a template and show the section."""
    try:
        protected.protect(request.actor, template_id)
    except protected.NoSuchTemplateError:
        raise Refusal(RefusalReason.NOT_FOUND) from None
    return _shown(request)


@require_POST
@administrator
def unprotect(request: ActorRequest, template_id: int) -> HttpResponse:
    """End a template's protection and show the section."""
    protected.unprotect(request.actor, template_id)
    return _shown(request)


def _shown(request: ActorRequest) -> HttpResponse:
    if not wants_fragment(request):
        return HttpResponseRedirect(f"{reverse('settings')}#protected", status=_SEE_OTHER)
    context = {
        "settings": SettingsPage(request.actor),
        "section": "settings/protected.html",
        "is_changed": True,
    }
    return render(request, "settings/section.html", context)
