"""The screens "Running workflows" and "Settings"."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bxapp.bitrix import errors, methods
from bxapp.portals import grants
from bxapp.portals.access import ActorRequest, administrator
from bxapp.web import refusal_pages, refusals, version
from bxapp.web.paging import Pager, page_number
from bxapp.web.refusal_texts import text_of
from bxapp.workflows import keeping, rows, snapshots
from bxapp.workflows.ordering import Ordering

if TYPE_CHECKING:
    from django.http import HttpResponse

PAGE_SIZE = 50

# What another try may cure; everything else is a refusal that the middleware answers.
_TRY_AGAIN = (errors.TryLater, errors.Unheard, errors.MethodFailed, errors.OurMistake)

log = logging.getLogger(__name__)


@require_safe
@administrator
def running(request: ActorRequest) -> HttpResponse:
    """Show one page of what runs, asked of the portal in one request."""
    number = page_number(request.GET.get("page"))
    ordering = Ordering.of_query(request.GET)
    client = grants.client_for(request.actor.grant)
    try:
        page = methods.workflow_page(client, number, ordering.sort, ordering.descending, page_size=PAGE_SIZE)
    except _TRY_AGAIN as error:
        return _unavailable(request, error, retry_url=request.get_full_path())
    now = timezone.now()
    lines = rows.assemble(request.actor, page, now)
    # Beyond the end a portal tells the offset that was asked for as the total.
    is_beyond = number > 1 and not page.instances and not page.unreadable
    pager = Pager(number, PAGE_SIZE, 0 if is_beyond else page.total, ordering.query, request.path)
    return render(
        request,
        "workflows/running.html",
        {
            "rows": lines,
            "pager": pager,
            "is_beyond": is_beyond,
            "unreadable": page.unreadable,
            "started": ordering.column("started", request.path),
            "modified": ordering.column("modified", request.path),
            "may_choose_all": len(lines) < page.total <= snapshots.LARGEST,
        },
    )


@require_safe
@administrator
def everything(request: ActorRequest) -> HttpResponse:
    """Keep the list of everything that runs right now; answer with its reference and the workflows' IDs."""
    now = timezone.now()
    try:
        page = snapshots.take(grants.client_for(request.actor.grant), page_number(request.GET.get("total")))
    except snapshots.TooLarge:
        return render(request, "workflows/too_many.html", {"largest": snapshots.LARGEST}, status=422)
    except _TRY_AGAIN as error:
        return _unavailable(request, error, retry_url="")
    lines = rows.assemble(request.actor, page, now)
    kept = keeping.keep(request.actor.portal, (line.workflow for line in lines))
    ids = " ".join(line.id for line in lines)
    return render(request, "workflows/everything.html", {"kept": kept, "ids": ids, "asked_at": now})


@require_safe
@administrator
def settings(request: ActorRequest) -> HttpResponse:
    """Show the portal, the person, and the installation."""
    return render(request, "settings/settings.html", {"version": version.current()})


def _unavailable(request: ActorRequest, error: errors.BitrixError, *, retry_url: str) -> HttpResponse:
    """Say within the page why there is no list now, and let the person try again at ``retry_url``."""
    log.warning("Running workflows of portal %s: %s", request.actor.portal.pk, error)
    refusal = refusals.of_error(error)
    return render(
        request,
        "workflows/unavailable.html",
        {
            "text": text_of(refusal.reason),
            "portal_words": refusal.portal_words,
            "reset_at": error.reset_at if isinstance(error, errors.OperatingLimited) else None,
            "retry_url": retry_url,
        },
        status=refusal_pages.STATUS.get(refusal.reason, 502),
    )
