"""What is around the filter of the list: the form, its search for people, and a link to the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from bxapp.bitrix.errors import MethodFailed, OurMistake, TryLater, Unheard
from bxapp.portals.access import ActorRequest, administrator
from bxapp.workflows import filter_form, filter_query, list_links, people_search
from bxapp.workflows.ordering import Ordering

if TYPE_CHECKING:
    from django.http import HttpResponse

_LONGEST_NAME_PART = 100


@require_safe
@administrator
def form(request: ActorRequest) -> HttpResponse:
    """Show the form, filled in with the filter of the query."""
    meant = filter_query.parse(request.GET).filter
    ordering = Ordering.of_query(request.GET)
    return render(
        request,
        "workflows/filter_form.html",
        {
            "form": filter_form.form(request.actor, meant),
            "order": {} if ordering == Ordering() else ordering.query,
            "most": filter_query.MOST_VALUES,
        },
    )


@require_safe
@administrator
def people(request: ActorRequest) -> HttpResponse:
    """Show the people who are found by ``q``, as boxes of the form; ``role`` is ``by`` or ``waits``."""
    role = "waits" if request.GET.get("role") == "waits" else "by"
    part = (request.GET.get("q") or "").strip()[:_LONGEST_NAME_PART]
    found = people_search.search(request.actor, role, part)
    return render(request, "workflows/filter_people.html", {"found": found, "role": role, "part": part})


@require_safe
@administrator
def link(request: ActorRequest) -> HttpResponse:
    """Show the portal's own address of this list."""
    query = filter_query.only_filter(request.GET)
    try:
        url = list_links.portal_url(request.actor, query)
    except (TryLater, Unheard, MethodFailed, OurMistake):
        url = ""
    return render(request, "workflows/link.html", {"url": url})
