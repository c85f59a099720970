"""Choosing everything at once: begun, asked for while it is read, cancelled; what of a page belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bxapp.portals.access import ActorRequest, administrator
from bxapp.web.paging import page_number
from bxapp.workflows import keeping, snapshot_steps
from bxapp.workflows.filter_query import only_filter
from bxapp.workflows.selection import SelectionNotOurs
from bxapp.workflows.snapshot_pages import SnapshotPage

if TYPE_CHECKING:
    from django.http import HttpResponse

    from bxapp.workflows.models import Snapshot

# So many are read while the person waits for the one answer: a request for the rows and one for the names.
READ_AT_ONCE = 500
_AT_ONCE_SECONDS = 4.0
# How long the page's own question goes on with the reading where no worker does.
_HERE_SECONDS = 3.0
# A page of the list shows 50.
_MOST_ASKED_FOR = 500


@require_POST
@administrator
def begin(request: ActorRequest) -> HttpResponse:
    """Begin to read everything that the list's filter means; a small list is there with the answer.

    The filter is in the address, as in that of the list; ``total`` is how many the list says there are.
    """
    expected = page_number(request.POST.get("total"))
    snapshot = snapshot_steps.begin(request.actor, only_filter(request.GET), expected)
    if expected <= READ_AT_ONCE:
        snapshot_steps.read(snapshot.pk, _AT_ONCE_SECONDS)
    snapshot = _own(request, snapshot.selection.reference)
    if snapshot.state == snapshot.State.READING:
        snapshot_steps.wake(snapshot)
    return _progress(request, snapshot)


@require_safe
@administrator
def progress(request: ActorRequest, reference: str) -> HttpResponse:
    """Say how far it is; the page asks for this until the list is there."""
    try:
        return _progress(request, _own(request, reference))
    except SelectionNotOurs:
        return _gone(request)


@require_POST
@administrator
def read_here(request: ActorRequest, reference: str) -> HttpResponse:
    """Go on with the reading for some seconds, because no worker does, and say how far it is."""
    try:
        snapshot_steps.read(_own(request, reference).pk, _HERE_SECONDS)
        return _progress(request, _own(request, reference))
    except SelectionNotOurs:
        return _gone(request)


@require_POST
@administrator
def cancel(request: ActorRequest, reference: str) -> HttpResponse:
    """End the reading: what was chosen before stays chosen."""
    try:
        snapshot_steps.cancel(_own(request, reference))
    except SelectionNotOurs:
        return _gone(request)
    return render(request, "workflows/snapshot_ended.html")


@require_POST
@administrator
def members(request: ActorRequest, reference: str) -> HttpResponse:
    """Say which of the workflows that a page of the list shows belong to the list of a reference."""
    ids = request.POST.getlist("workflow")[:_MOST_ASKED_FOR]
    try:
        found = keeping.members(request.actor.portal, reference, ids)
    except SelectionNotOurs:
        return _gone(request)
    return render(
        request,
        "workflows/snapshot_members.html",
        {"reference": reference, "ids": " ".join(one for one in ids if one in found)},
    )


def _own(request: ActorRequest, reference: str) -> Snapshot:
    return snapshot_steps.of_portal(request.actor.portal, reference)


def _progress(request: ActorRequest, snapshot: Snapshot) -> HttpResponse:
    page = SnapshotPage(snapshot, timezone.now())
    return render(request, "workflows/snapshot.html", {"snapshot": page})


def _gone(request: ActorRequest) -> HttpResponse:
    """Say that there is no such list (any more): it is a day old, or somebody cancelled it."""
    return render(request, "workflows/snapshot_ended.html", {"is_gone": True})
