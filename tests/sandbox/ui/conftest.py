"""A running sandbox, the tests' own application page, and a browser that has them both before it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser import launch_chromium, watch_errors
from tests.sandbox.ui.application import start_application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, FrameLocator, Page, Playwright

    from tests.sandbox.ui.application import Application


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal of a running sandbox process, and the application that is registered there."""

    origin: str
    application: Application

    def page(self, path: str) -> str:
        return f"{self.origin}{path}"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number: int = listener.getsockname()[1]
        return number


@pytest.fixture
def application() -> Iterator[Application]:
    running = start_application()
    yield running
    running.stop()


@pytest.fixture
def portal(application: Application) -> Iterator[Portal]:
    """A sandbox with 120 workflows whose application is not installed yet."""
    port = free_port()
    command = [sys.executable, "-m", "bxapp.sandbox", "--portal-port", str(port)]
    command += ["--authorization-port", str(free_port()), "--app-url", application.origin]
    command += [
        "--client-id",
        "local.flowstop",
        "--client-secret",
        "tests-only",
        "--seed",
        "7",
        "--workflows",
        "120",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        json.loads(process.stdout.readline())
        yield Portal(f"http://localhost:{port}", application)
        process.terminate()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    context = launch_chromium(playwright, tmp_path_factory.mktemp("profile"))
    yield context
    context.close()


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
