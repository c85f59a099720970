"""What this room gives to every page: the badge of open jobs beside the link "Jobs"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bxapp.terminations.screens.job_lists import OpenJobs

if TYPE_CHECKING:
    from django.http import HttpRequest

    from bxapp.portals.sessions import Actor


def open_jobs(request: HttpRequest) -> dict[str, Any]:
    """Return the context of every page (a context processor of the settings); asks nothing until shown."""
    actor: Actor | None = getattr(request, "actor", None)
    return {"open_jobs": OpenJobs(actor.portal) if actor else None}
