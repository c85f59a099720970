"""The screen "Audit log". The floor above guards it: ``urls`` lets administrators of a portal in only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from django.shortcuts import render
from django.views.decorators.http import require_safe

from bxapp.audit.reading import Filter, people, read

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class _Reader(Protocol):
    """Who reads: an actor of the portals floor, of whom only the portal matters here."""

    @property
    def portal(self) -> Any: ...


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Show 50 entries of the actor's portal, newest first, as the query filters them."""
    reader: _Reader = request.actor  # type: ignore[attr-defined]  # set by the middleware of a higher floor
    chosen = Filter.of_query(request.GET)
    return render(
        request,
        "audit/log.html",
        {
            "page": read(reader.portal.pk, chosen, request.GET.get("page", ""), request.path),
            "filter": chosen,
            "people": people(reader.portal.pk),
        },
    )
