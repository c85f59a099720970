"""All addresses of the application; the contract URLs are listed in the README."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import include, path

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("bxapp.web.urls")),
    path("", include("bxapp.portals.urls")),
    path("", include("bxapp.workflows.urls")),
]

handler404 = "bxapp.web.refusal_pages.not_found"
handler500 = "bxapp.web.refusal_pages.failed"
