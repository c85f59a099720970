"""The application in the portal's frame, in a real browser, with everything behind it running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import Request, expect

from deploy.stack import SandboxOptions
from tests.browser import watch_errors
from tests.control import Control
from tests.fit import await_fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page

    from deploy.stack import Stack
    from tests.stack import Start

WORKFLOWS = 120


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    """A portal with 120 workflows in which nothing happens by itself."""
    quiet = {"life_rate_per_second": 0, "list_seconds": 0.0}
    return start_stack(sandbox=SandboxOptions(workflows=WORKFLOWS, settings=quiet))


@pytest.fixture
def control(stack: Stack) -> Iterator[Control]:
    """The sandbox's control address; faults that a test adds end with it."""
    yield Control(stack)
    assert requests.delete(f"{stack.authorization_url}/control/faults", timeout=30).ok


@dataclass(frozen=True, slots=True)
class Application:
    """The application inside the portal's page, opened by its first administrator."""

    tab: Page
    inside: FrameLocator
    errors: list[str]
    asked: list[Request]

    def link(self, name: str) -> Locator:
        return self.inside.get_by_role("link", name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.inside.get_by_role("button", name=name, exact=True)

    @property
    def boxes(self) -> Locator:
        """The checkboxes of the rows."""
        return self.inside.locator('input[name="selected"]')

    @property
    def dialog(self) -> Locator:
        return self.inside.get_by_role("dialog")

    def requests_for(self, path: str) -> list[Request]:
        """What the page has asked of the application at ``path`` so far."""
        return [request for request in self.asked if f"{path}" in request.url]


@pytest.fixture
def application(chromium: BrowserContext, stack: Stack) -> Iterator[Application]:
    """The list of what runs, shown. A test that expects errors empties ``errors`` itself."""
    chromium.clear_cookies()
    tab = chromium.new_page()
    tab.clock.install()
    errors = watch_errors(tab)
    asked: list[Request] = []
    tab.on("request", lambda one: asked.append(one) if one.url.startswith(stack.app_url) else None)
    tab.goto(f"{stack.portal_url}/ui/app")
    application = Application(tab, tab.frame_locator("iframe").first, errors, asked)
    expect(application.boxes).to_have_count(50, timeout=20_000)
    # The figures are asked for after the list; a test's faults are for what it does itself.
    expect(application.inside.locator(".overview__foot")).to_be_visible(timeout=20_000)
    await_fit(tab, stack)
    yield application
    tab.close()
    assert errors == []
