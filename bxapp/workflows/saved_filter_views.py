"""The menu of saved filters over the list: use one, or save what is filtered now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from bxapp.portals.access import ActorRequest, administrator
from bxapp.workflows import filter_query, saved, saved_filters

if TYPE_CHECKING:
    from django.http import HttpResponse

_UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@administrator
def menu(request: ActorRequest) -> HttpResponse:
    """Show the portal's saved filters; POST saves the one that ``query`` says under ``name`` before."""
    form = request.POST
    query = filter_query.only_filter(QueryDict(form.get("query", "")) if form else request.GET)
    problem, just_saved = "", None
    if request.method == "POST":
        try:
            just_saved = saved_filters.save(request.actor, form.get("name", ""), query)
        except saved.NameProblemError as error:
            problem = str(error)
    offered = saved_filters.offered(request.actor.portal, query)
    context = {
        "offered": offered,
        "query": query,
        "may_save": bool(query) and not any(offer.is_current for offer in offered),
        "name": form.get("name", "") if problem else "",
        "problem": problem,
        "just_saved": just_saved,
        "longest_name": saved.LONGEST_NAME_CHARACTERS,
    }
    return render(
        request, "workflows/saved_filters_menu.html", context, status=_UNPROCESSABLE if problem else 200
    )
