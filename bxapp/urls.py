"""All addresses of the application; the contract URLs are listed in the README."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import include, path

from bxapp.audit.views import entries as audit_log
from bxapp.portals.access import administrator

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("bxapp.web.urls")),
    path("", include("bxapp.portals.urls")),
    path("", include("bxapp.workflows.urls")),
    path("", include("bxapp.terminations.urls")),
    # Guarded here: the audit log lies below the floor that knows who is an administrator.
    path("audit/", administrator(audit_log), name="audit"),
]

handler400 = "bxapp.web.refusal_pages.unreadable"
handler404 = "bxapp.web.refusal_pages.not_found"
handler500 = "bxapp.web.refusal_pages.failed"
