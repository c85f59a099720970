"""What every template gets: the layout that fits the request, the person, the navigation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

# The addresses are a contract with the people who bookmark them; the first one is also the first screen.
_SECTIONS: tuple[tuple[str, _StrPromise], ...] = (
    ("/workflows/", _("Running workflows")),
    ("/jobs/", _("Jobs")),
    ("/audit/", _("Audit log")),
    ("/settings/", _("Settings")),
)
_FIRST_SCREEN = "/app/"
# Named in the page's head, so that the browser need not find them one by one.
_SCRIPT_MODULES = tuple(
    f"js/{name}.js"
    for name in (
        "session",
        "frame",
        "navigation",
        "loading",
        "selection",
        "everything",
        "marks",
        "dialog",
        "focus",
        "job",
        "live",
        "copy",
        "download",
        "saved",
        "install",
        "overview",
        "press",
        "visible",
        "filters",
        "sentences",
        "notices",
    )
)


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """One of the links on top; the current one is told to screen readers too."""

    url: str
    label: _StrPromise
    is_current: bool


def wants_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asks for the content alone; when it restores history it wants the whole page."""
    return (
        request.headers.get("HX-Request") == "true"
        and request.headers.get("HX-History-Restore-Request") != "true"
    )


def navigation(path: str) -> list[NavigationLink]:
    """Return the four links, with the one marked that ``path`` belongs to."""
    return [
        NavigationLink(
            url=url,
            label=label,
            is_current=path.startswith(url) or (path == _FIRST_SCREEN and url == _SECTIONS[0][0]),
        )
        for url, label in _SECTIONS
    ]


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the context of every page (a context processor of the settings)."""
    fragment = wants_fragment(request)
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "theme": actor.theme if actor else "system",
        "page_layout": "layouts/fragment.html" if fragment else "layouts/page.html",
        "bare_layout": "layouts/fragment.html" if fragment else "layouts/bare.html",
        "navigation": navigation(request.path),
        "modules": _SCRIPT_MODULES,
    }
