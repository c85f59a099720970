"""The screen "Settings": each section is a form of its own, answered with the section as it is afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from bxapp.portals import preferences
from bxapp.portals.access import ActorRequest, administrator
from bxapp.terminations.jobs import saved_messages
from bxapp.terminations.jobs.messages import MessageProblemError
from bxapp.terminations.screens.settings_page import Fault, SettingsPage
from bxapp.web.context import wants_fragment
from bxapp.web.middleware import supported_language
from bxapp.web.refusals import Refusal, RefusalReason
from bxapp.workflows import saved_filters
from bxapp.workflows.saved import NameProblemError

if TYPE_CHECKING:
    from collections.abc import Callable

# A form that cannot be taken as it is: shown again in its place.
_UNPROCESSABLE = 422
_SEE_OTHER = 303


@require_safe
@administrator
def screen(request: ActorRequest) -> HttpResponse:
    """Show all settings of the portal and of the person."""
    return render(request, "settings/settings.html", {"settings": SettingsPage(request.actor)})


@require_POST
@administrator
def prefer(request: ActorRequest) -> HttpResponse:
    """Remember the person's language and theme, and show the whole page in them."""
    form = request.POST
    try:
        preferences.choose(request.actor, language=form.get("language", ""), theme=form.get("theme", ""))
    except preferences.NoSuchChoiceError:
        raise Refusal(RefusalReason.FORM_INCOMPLETE) from None
    if not wants_fragment(request):
        return _to_section("preferences")
    with translation.override(supported_language(request.actor.language)):
        return render(request, "settings/redrawn.html", {"settings": SettingsPage(request.actor)})


@require_POST
@administrator
def add_message(request: ActorRequest) -> HttpResponse:
    """Save a new status message."""
    form = request.POST
    name, text = form.get("name", ""), form.get("text", "")
    return _changed(request, "messages", 0, lambda: saved_messages.save(request.actor, name, text))


@require_POST
@administrator
def change_message(request: ActorRequest, number: int) -> HttpResponse:
    """Change name and text of a saved message."""
    form = request.POST
    name, text = form.get("name", ""), form.get("text", "")
    return _changed(
        request,
        "messages",
        number,
        lambda: saved_messages.change(request.actor, number, name=name, text=text),
    )


@require_POST
@administrator
def delete_message(request: ActorRequest, number: int) -> HttpResponse:
    """Delete a saved message."""
    return _changed(request, "messages", number, lambda: saved_messages.SHELF.delete(request.actor, number))


@require_POST
@administrator
def rename_filter(request: ActorRequest, number: int) -> HttpResponse:
    """Give a saved filter another name."""
    name = request.POST.get("name", "")
    return _changed(
        request, "filters", number, lambda: saved_filters.SHELF.change(request.actor, number, name=name)
    )


@require_POST
@administrator
def delete_filter(request: ActorRequest, number: int) -> HttpResponse:
    """Delete a saved filter."""
    return _changed(request, "filters", number, lambda: saved_filters.SHELF.delete(request.actor, number))


@require_safe
@administrator
def offer_messages(request: ActorRequest) -> HttpResponse:
    """Show the saved messages as a menu for the dialog."""
    offered = saved_messages.SHELF.all_of(request.actor.portal)
    return render(request, "terminations/saved_messages_menu.html", {"saved_messages": offered})


def _changed(request: ActorRequest, section: str, number: int, change: Callable[[], object]) -> HttpResponse:
    """Make a change and show its section, or the section with the form as it was typed."""
    try:
        change()
    except (NameProblemError, MessageProblemError) as error:
        field = "name" if isinstance(error, NameProblemError) else "text"
        form = request.POST
        fault = Fault(number, field, str(error), form.get("name", ""), form.get("text", ""))
        return _section(request, section, SettingsPage(request.actor, fault, section))
    return _section(request, section, SettingsPage(request.actor))


def _section(request: ActorRequest, section: str, page: SettingsPage) -> HttpResponse:
    status = _UNPROCESSABLE if page.fault else 200
    if wants_fragment(request):
        context = {"settings": page, "section": f"settings/{section}.html", "is_changed": not page.fault}
        return render(request, "settings/section.html", context, status=status)
    if page.fault:
        return render(request, "settings/settings.html", {"settings": page}, status=status)
    return _to_section(section)


def _to_section(section: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('settings')}#{section}", status=_SEE_OTHER)
