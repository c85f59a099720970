"""The marks of the list's rows, asked for again while something of them is open; no request to the portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_POST

from bxapp.portals.access import ActorRequest, administrator
from bxapp.workflows import row_marks

if TYPE_CHECKING:
    from django.http import HttpResponse


@require_POST
@administrator
def marks(request: ActorRequest) -> HttpResponse:
    """Say what became of the workflows that were being stopped when the list was shown."""
    found = row_marks.of(request.actor.portal, request.POST.getlist("workflow"))
    return render(
        request, "workflows/row_marks.html", {"marks": found, "is_open": any(mark.is_open for mark in found)}
    )
