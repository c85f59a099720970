"""The dialog, and its confirmation. The screens of jobs are in ``job_views``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_POST

from bxapp.portals.access import ActorRequest, administrator
from bxapp.terminations.screens.confirmation import Confirmation
from bxapp.terminations.screens.job_views import own_job, to_job

if TYPE_CHECKING:
    from django.http import HttpResponse

# A form that cannot be taken as it is: shown again in its place.
_UNPROCESSABLE = 422


@require_POST
@administrator
def dialog(request: ActorRequest) -> HttpResponse:
    """Show the dialog for the workflows ticked in the list."""
    return _dialog(request, Confirmation.opened(request.actor, request.POST))


@require_POST
@administrator
def preview(request: ActorRequest) -> HttpResponse:
    """Show how the message that is being typed will read, for the first of the chosen workflows."""
    confirmation = Confirmation.sent(request.actor, request.POST)
    confirmation.show()
    return render(request, "terminations/preview.html", {"confirmation": confirmation, "is_typing": True})


@require_POST
@administrator
def confirm(request: ActorRequest) -> HttpResponse:
    """Make a job of the confirmed dialog and go to its page, or show the dialog again with what is wrong."""
    confirmation = Confirmation.sent(request.actor, request.POST)
    job = confirmation.queue()
    return _dialog(request, confirmation) if job is None else to_job(job)


@require_POST
@administrator
def retry(request: ActorRequest, job_id: int) -> HttpResponse:
    """Show the dialog for the workflows of a job that could not be stopped."""
    return _dialog(request, Confirmation.retrying(request.actor, own_job(request.actor, job_id)))


def _dialog(request: ActorRequest, confirmation: Confirmation) -> HttpResponse:
    return render(
        request,
        "terminations/dialog.html",
        {"confirmation": confirmation},
        status=_UNPROCESSABLE if confirmation.is_faulty else 200,
    )
