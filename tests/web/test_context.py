"""Which layout an answer gets, and which link is the current one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from bxapp.web.context import navigation, page

if TYPE_CHECKING:
    from django.test import RequestFactory


@pytest.mark.parametrize(
    ("headers", "layout"),
    [
        ({}, "layouts/page.html"),
        ({"HX-Request": "true"}, "layouts/fragment.html"),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, "layouts/page.html"),
    ],
)
def test_htmx_gets_the_content_alone(rf: RequestFactory, headers: dict[str, str], layout: str) -> None:
    assert page(rf.get("/workflows/", headers=headers))["page_layout"] == layout


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/app/", ["Running workflows"]),
        ("/workflows/", ["Running workflows"]),
        ("/jobs/7/", ["Jobs"]),
        ("/audit/", ["Audit log"]),
        ("/settings/", ["Settings"]),
        ("/install/", []),
    ],
)
def test_the_current_link_is_marked(path: str, current: list[str]) -> None:
    assert [str(link.label) for link in navigation(path) if link.is_current] == current


def test_every_script_module_is_named(rf: RequestFactory) -> None:
    modules = {f"js/{file.name}" for file in (settings.BASE_DIR / "static" / "js").glob("*.js")}
    assert set(page(rf.get("/"))["modules"]) == modules - {"js/main.js"}
