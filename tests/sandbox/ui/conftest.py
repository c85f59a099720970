"""A running sandbox, the tests' own application page, and a browser that has them both before it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import watch_errors
from tests.sandbox.process import start, stop
from tests.sandbox.ui.application import start_application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, FrameLocator, Page

    from tests.sandbox.process import SandboxProcess
    from tests.sandbox.ui.application import Application


@dataclass(frozen=True, slots=True)
class Portal:
    """The first portal of a running sandbox, and the application page that is registered there."""

    sandbox: SandboxProcess
    application: Application

    @property
    def origin(self) -> str:
        return self.sandbox.portal

    def page(self, path: str) -> str:
        return f"{self.origin}{path}"


@pytest.fixture(scope="module")
def running_portal() -> Iterator[Portal]:
    application = start_application()
    sandbox = start("--workflows", "120", "--seed", "7", "--app-url", application.origin)
    yield Portal(sandbox, application)
    assert stop(sandbox) == 0
    application.stop()


@pytest.fixture
def portal(running_portal: Portal) -> Portal:
    """A portal as at its start, with 120 workflows: the application is not installed yet."""
    running_portal.sandbox.control("POST", "reset")
    running_portal.application.received.clear()
    return running_portal


@pytest.fixture
def page(chromium: BrowserContext) -> Iterator[Page]:
    """A new tab without cookies, in which no error message may appear."""
    chromium.clear_cookies()
    tab = chromium.new_page()
    errors = watch_errors(tab)
    yield tab
    tab.close()
    assert errors == []


@dataclass(frozen=True, slots=True)
class Frame:
    """The application's page inside the portal's frame."""

    inside: FrameLocator

    def ready(self) -> Frame:
        """Wait until the official client has its frame."""
        expect(self.inside.locator("#frame")).to_have_text("ready")
        return self

    def press(self, action: str) -> None:
        self.inside.get_by_role("button", name=action, exact=True).click()

    def does(self, action: str) -> object:
        """Press ``action`` and wait for what its promise becomes."""
        self.press(action)
        expect(self.inside.locator("#answer")).not_to_have_text("waiting")
        text = self.inside.locator("#answer").inner_text()
        return text if text.startswith("failed: ") else json.loads(text)


def open_frame(page: Page, portal: Portal, path: str = "/ui/app") -> Frame:
    """Open the portal's page with the application and wait until its client is ready."""
    page.goto(portal.page(path))
    return Frame(page.frame_locator("#app-frame")).ready()
