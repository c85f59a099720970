"""A real Chromium for the walks, as a person with a strict browser has it.

Third-party cookies are blocked by the browser's own preference, as Safari and Firefox do and many people
choose in Chrome: what the application does in the portal's frame must work without them. Portal and
application are different sites when one is reached as ``localhost`` and the other as ``127.0.0.1``.

``sync_playwright`` keeps an event loop in its thread, and Django refuses database queries there: a walk that
looks into the database sets ``DJANGO_ALLOW_ASYNC_UNSAFE`` or asks in another thread.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright

# A whole product starts and works beside the browser, on two cores.
expect.set_options(timeout=20_000)

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ThirdPartyCookies(Enum):
    """The browser's preference; the values are Chromium's ``profile.cookie_controls_mode``."""

    ALLOWED = 0
    BLOCKED = 1


def launch_chromium(
    playwright: Playwright,
    user_data_dir: Path,
    third_party_cookies: ThirdPartyCookies = ThirdPartyCookies.BLOCKED,
    *,
    width: int = 1280,
    height: int = 900,
) -> BrowserContext:
    """Start Chromium with a new profile in ``user_data_dir``, which is empty or missing.

    Closing the context ends the browser.
    """
    blocked = third_party_cookies is ThirdPartyCookies.BLOCKED
    preferences = {
        "profile": {"block_third_party_cookies": blocked, "cookie_controls_mode": third_party_cookies.value}
    }
    profile = user_data_dir / "Default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "Preferences").write_text(json.dumps(preferences))
    return playwright.chromium.launch_persistent_context(
        user_data_dir,
        executable_path=CHROMIUM,
        args=list(ARGUMENTS),
        headless=True,
        viewport={"width": width, "height": height},
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )


def watch_errors(page: Page) -> list[str]:
    """A list that grows with every JavaScript error and every error message of ``page`` and its frames.

    Violations of a content security policy and failed requests for files arrive as such messages.
    """
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors
