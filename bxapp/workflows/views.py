"""The screen "Running workflows"."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bxapp.bitrix import errors, methods
from bxapp.portals import grants
from bxapp.portals.access import ActorRequest, administrator
from bxapp.web import refusal_pages, refusals
from bxapp.web.paging import Pager
from bxapp.web.refusal_texts import text_of
from bxapp.workflows import (
    chips,
    filter_query,
    finding,
    names,
    protected,
    resolving,
    row_marks,
    rows,
    snapshots,
)
from bxapp.workflows.filters import EVERYTHING
from bxapp.workflows.ordering import Ordering
from bxapp.workflows.places import Place

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpResponse

    from bxapp.workflows.filters import Filter

# What another try may cure; everything else is a refusal that the middleware answers.
TRY_AGAIN = (errors.TryLater, errors.Unheard, errors.MethodFailed, errors.OurMistake)

_NOTHING = finding.Sheet(methods.WorkflowPage((), 0), 0)

log = logging.getLogger(__name__)


@require_safe
@administrator
def running(request: ActorRequest) -> HttpResponse:
    """Show one page of what runs and is meant; without a filter it is asked of the portal in one request."""
    parsed = filter_query.parse(request.GET)
    meant, place = parsed.filter, Place.of_query(request.GET)
    ordering = Ordering.of_query(request.GET)
    now = timezone.now()
    try:
        sheet = _sheet(request, meant, place, ordering, now)
    except TRY_AGAIN as error:
        return unavailable(request, error, retry_url=request.get_full_path())
    lines = rows.assemble(request.actor, sheet.page, now)
    # Beyond the end a portal tells the offset that was asked for as the total.
    is_beyond = sheet.is_numbered and place.number > 1 and not lines and not sheet.page.unreadable
    query = [*filter_query.pairs(meant), *ordering.query.items()]
    total = 0 if is_beyond else sheet.total
    return render(
        request,
        "workflows/running.html",
        {
            "rows": lines,
            "sheet": sheet,
            "pager": Pager(place.number, finding.PAGE_SIZE, total, query, request.path),
            "back_url": _place_url(meant, ordering, sheet.back.query) if sheet.back else "",
            "on_url": _place_url(meant, ordering, sheet.on.query) if sheet.on else "",
            "is_beyond": is_beyond,
            "unreadable": sheet.page.unreadable,
            "meant": meant,
            "filter_query": filter_query.only_filter(request.GET),
            "problems": parsed.problems,
            "chips": _chips(request, meant, ordering, lines),
            "everything_url": filter_query.address(EVERYTHING, _more(ordering)),
            "started": ordering.column("started", meant),
            "modified": ordering.column("modified", meant),
            "marks": row_marks.opening(request.actor.portal, [line.id for line in lines]),
            "protected_templates": protected.numbers(request.actor.portal),
            # Where the number is not known there may be more than what is shown, whatever is counted so far.
            "may_choose_all": bool(lines)
            and (sheet.is_least or len(lines) < total)
            and total <= snapshots.LARGEST,
        },
    )


def _sheet(
    request: ActorRequest, meant: Filter, place: Place, ordering: Ordering, now: datetime
) -> finding.Sheet:
    if meant.is_impossible:
        return _NOTHING
    client = grants.client_for(request.actor.grant)
    known = resolving.resolve(client, request.actor.portal, meant)
    return finding.find(client, meant, known, place, ordering, now)


def _chips(
    request: ActorRequest, meant: Filter, ordering: Ordering, lines: list[rows.Row]
) -> list[chips.Chip]:
    if meant.is_empty:
        return []
    portal = request.actor.portal
    shown = {line.template.number: line.template.name for line in lines if line.template.name}
    templates = {number: name for number, name in shown.items() if number in meant.templates}
    if missing := meant.templates - templates.keys():
        templates |= names.templates(portal, missing, {})
    wanted = (meant.started_by | meant.waits_for) - {0}
    people = names.people(portal, wanted, {}) if wanted else {}
    return chips.chips(meant, templates, people, _more(ordering))


def _more(ordering: Ordering) -> dict[str, str]:
    return {} if ordering == Ordering() else ordering.query


def _place_url(meant: Filter, ordering: Ordering, place: dict[str, str]) -> str:
    more: dict[str, Any] = _more(ordering) | place
    return filter_query.address(meant, more)


def unavailable(request: ActorRequest, error: errors.BitrixError, *, retry_url: str) -> HttpResponse:
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
