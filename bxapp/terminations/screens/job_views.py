"""The screens of jobs: all of them, one of them, what a person does with one, and its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bxapp.portals.access import ActorRequest, administrator
from bxapp.terminations.jobs import cancelling, pausing
from bxapp.terminations.models import Job
from bxapp.terminations.screens import job_csv, job_pages
from bxapp.terminations.screens.job_lists import JobList
from bxapp.web.paging import page_number
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor

_SEE_OTHER = 303


@require_safe
@administrator
def jobs(request: ActorRequest) -> HttpResponse:
    """Show the portal's jobs, newest first; of the page alone what changes, where it asks for that."""
    found = JobList(request.actor.portal, page_number(request.GET.get("page")))
    template = "terminations/job_list.html" if _asks_for(request, "jobs") else "terminations/jobs.html"
    return render(request, template, {"list": found, "is_part": _asks_for(request, "jobs")})


@require_safe
@administrator
def badge(request: ActorRequest) -> HttpResponse:
    """Show how many jobs are open, for the bar of links of whatever page is there."""
    return render(request, "terminations/badge.html")


@require_safe
@administrator
def job(request: ActorRequest, job_id: int) -> HttpResponse:
    """Show one job: how far it is, what came of each workflow."""
    page = job_pages.page_of(own_job(request.actor, job_id), request.GET)
    template = "terminations/progress.html" if _asks_for(request, "job") else "terminations/job.html"
    return render(request, template, {"page": page, "is_part": _asks_for(request, "job")})


@require_safe
@administrator
def progress(request: ActorRequest, job_id: int) -> HttpResponse:
    """Show the part of a job's page that changes while it runs; the page asks for it until it has ended."""
    page = job_pages.page_of(own_job(request.actor, job_id), request.GET)
    return render(request, "terminations/progress.html", {"page": page, "is_part": True})


@require_safe
@administrator
def table(request: ActorRequest, job_id: int) -> HttpResponse:
    """Give the workflows of a job as a CSV file, written while it is read."""
    found = own_job(request.actor, job_id)
    answer = StreamingHttpResponse(job_csv.lines(found), content_type=job_csv.CONTENT_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{job_csv.file_name(found)}"'
    return answer  # type: ignore[return-value]  # a response for every purpose but its content


@require_POST
@administrator
def cancel(request: ActorRequest, job_id: int) -> HttpResponse:
    """Cancel a job, and show where one was: it, or the list."""
    return _back(request, cancelling.cancel(request.actor, own_job(request.actor, job_id).pk))


@require_POST
@administrator
def pause(request: ActorRequest, job_id: int) -> HttpResponse:
    """Pause a job, and show where one was."""
    return _back(request, pausing.pause(request.actor, own_job(request.actor, job_id).pk))


@require_POST
@administrator
def go_on(request: ActorRequest, job_id: int) -> HttpResponse:
    """Let a paused job go on, and show where one was."""
    return _back(request, pausing.go_on(request.actor, own_job(request.actor, job_id).pk))


def own_job(actor: Actor, job_id: int) -> Job:
    """Return a job of the actor's portal; raises Refusal NOT_FOUND."""
    found = Job.objects.filter(portal=actor.portal, pk=job_id).select_related("portal").first()
    if found is None:
        raise Refusal(RefusalReason.NOT_FOUND)
    return found


def to_job(found: Job) -> HttpResponse:
    """Lead to a job's page."""
    return HttpResponseRedirect(reverse("job", args=[found.pk]), status=_SEE_OTHER)


def _back(request: ActorRequest, found: Job) -> HttpResponse:
    """Lead back to the list where the button stood there (``list`` is the number of its page)."""
    number = request.POST.get("list", "")
    if not number:
        return to_job(found)
    return HttpResponseRedirect(f"{reverse('jobs')}?page={page_number(number)}", status=_SEE_OTHER)


def _asks_for(request: ActorRequest, part: str) -> bool:
    """Whether htmx will put the answer in the place of one part of the page."""
    return request.headers.get("HX-Target") == part
