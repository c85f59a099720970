"""The overview on top of "Running workflows": asked for by the list once it has been drawn."""

from __future__ import annotations

import logging

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bxapp.bitrix import errors
from bxapp.bitrix.answers import number
from bxapp.portals import grants
from bxapp.portals.access import ActorRequest, administrator
from bxapp.workflows import filter_query, overview_asking, overview_keeping
from bxapp.workflows import overview as figures
from bxapp.workflows.ordering import Ordering

# Another try may cure these, and the list below is none the worse for it.
_TRY_AGAIN = (errors.TryLater, errors.Unheard, errors.MethodFailed, errors.OurMistake)

log = logging.getLogger(__name__)


@require_safe
@administrator
def overview(request: ActorRequest) -> HttpResponse:
    """Show the figures; the query is the list's own, and tells which of them is looked at.

    ``shown``: how many the list has in all, where it shows everything. ``fresh``: something is being stopped.
    """
    portal, now = request.actor.portal, timezone.now()
    meant = filter_query.parse(request.GET).filter
    ordering = Ordering.of_query(request.GET)
    is_fresh = bool(request.GET.get("fresh"))
    shown_total = number(request.GET.get("shown")) if meant.is_empty else None
    counts = figures.recent(portal, now, shown_total=shown_total, is_fresh=is_fresh)
    if counts is None:
        try:
            counts = overview_asking.count(grants.client_for(request.actor.grant), portal, now)
        except _TRY_AGAIN as error:
            log.warning("Overview of portal %s: %s", portal.pk, error)
            if is_fresh:
                # The figures of a moment ago stay.
                return HttpResponse(status=204)
            # No status of an error: it is said in place, quietly, and nothing else is disturbed.
            return render(request, "workflows/overview_unavailable.html", {"query": request.GET.urlencode()})
        overview_keeping.keep(portal, counts)
    place = figures.Place(meant, ordering.query if ordering != Ordering() else {})
    return render(request, "workflows/overview.html", {"overview": figures.of_counts(portal, counts, place)})
