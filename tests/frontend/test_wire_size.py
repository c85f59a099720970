"""What a person's network carries, byte by byte as Chromium received it: headers and compressed bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from deploy.stack import SandboxOptions
from tests.control import Control
from tests.frontend.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Request

    from deploy.stack import Stack
    from tests.stack import Start

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

FIRST_VISIT_BYTES = 200_000
LATER_PAGE_BYTES = 20_000
LINKS = {
    "Jobs": "/jobs/",
    "Audit log": "/audit/",
    "Settings": "/settings/",
    "Running workflows": "/workflows/",
}


class Wire:
    """Counts what comes from the application."""

    def __init__(self, visit: Visit) -> None:
        self._origin = visit.stack.app_url
        self._finished: list[Request] = []
        visit.tab.on("requestfinished", lambda request: self._finished.append(request))

    def taken(self) -> dict[str, int]:
        """Bytes by address since the last look; what came out of the browser's cache weighs nothing."""
        sizes: dict[str, int] = {}
        for request in self._finished:
            if request.url.startswith(self._origin):
                told = request.sizes()
                size = told["responseBodySize"] + told["responseHeadersSize"]
                path = request.url.removeprefix(self._origin)
                sizes[path] = sizes.get(path, 0) + max(0, size)
        self._finished.clear()
        return sizes


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    """A portal with more than one page, names in several scripts among them."""
    quiet = {"life_rate_per_second": 0, "list_seconds": 0.0}
    return start_stack(sandbox=SandboxOptions(workflows=120, settings=quiet))


@pytest.fixture
def visit(chromium: BrowserContext, stack: Stack) -> Iterator[Visit]:
    tab = chromium.new_page()
    yield Visit(tab, stack, Control(stack))
    tab.close()


def test_the_first_visit_and_later_pages_are_light(visit: Visit) -> None:
    wire = Wire(visit)
    visit.list()
    visit.tab.wait_for_load_state("networkidle")
    first = wire.taken()
    assert any("b24jssdk" in path for path in first)
    assert any("htmx" in path for path in first)
    assert sum(first.values()) <= FIRST_VISIT_BYTES, first

    visit.list()
    visit.tab.wait_for_load_state("networkidle")
    again = wire.taken()
    assert sum(again.values()) <= LATER_PAGE_BYTES, again

    for link, path in LINKS.items():
        # The page may be drawn before the browser tells that it has all of it.
        with visit.tab.expect_event("requestfinished", lambda one, path=path: urlsplit(one.url).path == path):
            visit.click("link", link)
        expect(visit.inside.get_by_role("heading", level=1, name=link)).to_be_visible()
        expect(visit.inside.locator("#content")).not_to_have_attribute("aria-busy", "true")
        later = wire.taken()
        assert later
        assert sum(later.values()) <= LATER_PAGE_BYTES, later
