"""The screens of this room: the dialog, its confirmation, the list of jobs, and a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bxapp.portals.access import ActorRequest, administrator
from bxapp.terminations import cancelling, job_pages, pausing
from bxapp.terminations.confirmation import Confirmation
from bxapp.terminations.models import Job
from bxapp.web.paging import Pager, page_number
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor

# A form that cannot be taken as it is: shown again in its place.
_UNPROCESSABLE = 422
_SEE_OTHER = 303
_JOBS_PER_PAGE = 50


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
    return _dialog(request, confirmation) if job is None else _to_job(job)


@require_safe
@administrator
def jobs(request: ActorRequest) -> HttpResponse:
    """Show the portal's jobs, newest first."""
    number = page_number(request.GET.get("page"))
    own = Job.objects.filter(portal=request.actor.portal)
    pager = Pager(number, _JOBS_PER_PAGE, own.count(), list_path=request.path)
    start = (number - 1) * _JOBS_PER_PAGE
    lines = [job_pages.JobLine(job) for job in own.order_by("-pk")[start : start + _JOBS_PER_PAGE]]
    return render(request, "terminations/jobs.html", {"jobs": lines, "pager": pager})


@require_safe
@administrator
def job(request: ActorRequest, job_id: int) -> HttpResponse:
    """Show one job: how far it is, what came of each workflow."""
    page = job_pages.page_of(_own_job(request.actor, job_id), request.GET)
    return render(request, "terminations/job.html", {"page": page})


@require_safe
@administrator
def progress(request: ActorRequest, job_id: int) -> HttpResponse:
    """Show the part of a job's page that changes while it runs; the page asks for it until it has ended."""
    page = job_pages.page_of(_own_job(request.actor, job_id), request.GET)
    return render(request, "terminations/progress.html", {"page": page})


@require_POST
@administrator
def cancel(request: ActorRequest, job_id: int) -> HttpResponse:
    """Cancel a job and show it."""
    return _to_job(cancelling.cancel(request.actor, _own_job(request.actor, job_id).pk))


@require_POST
@administrator
def pause(request: ActorRequest, job_id: int) -> HttpResponse:
    """Pause a job and show it."""
    return _to_job(pausing.pause(request.actor, _own_job(request.actor, job_id).pk))


@require_POST
@administrator
def go_on(request: ActorRequest, job_id: int) -> HttpResponse:
    """Let a paused job go on and show it."""
    return _to_job(pausing.go_on(request.actor, _own_job(request.actor, job_id).pk))


@require_POST
@administrator
def retry(request: ActorRequest, job_id: int) -> HttpResponse:
    """Show the dialog for the workflows of a job that could not be stopped."""
    return _dialog(request, Confirmation.retrying(request.actor, _own_job(request.actor, job_id)))


def _own_job(actor: Actor, job_id: int) -> Job:
    job = Job.objects.filter(portal=actor.portal, pk=job_id).select_related("portal").first()
    if job is None:
        raise Refusal(RefusalReason.NOT_FOUND)
    return job


def _to_job(job: Job) -> HttpResponse:
    return HttpResponseRedirect(reverse("job", args=[job.pk]), status=_SEE_OTHER)


def _dialog(request: ActorRequest, confirmation: Confirmation) -> HttpResponse:
    return render(
        request,
        "terminations/dialog.html",
        {"confirmation": confirmation},
        status=_UNPROCESSABLE if confirmation.is_faulty else 200,
    )
