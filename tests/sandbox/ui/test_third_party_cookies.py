"""The browser of the walks really keeps third-party cookies back, and the frame works all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import ThirdPartyCookies, launch_chromium
from tests.sandbox.ui.conftest import open_frame

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Playwright

    from tests.sandbox.ui.conftest import Portal

pytestmark = pytest.mark.story


def cookies_in_the_frame(page: Page, portal: Portal) -> set[str]:
    """Cookies that the application got with requests from inside the frame, at the second opening too.

    The first visit is the application's own address, where its cookies are accepted as its own.
    """
    page.goto(portal.application.origin)
    page.goto(portal.application.origin)
    assert portal.application.received[-1].cookie, "the browser keeps cookies at all"
    portal.application.received.clear()
    open_frame(page, portal)
    open_frame(page, portal)
    return {one.cookie for one in portal.application.received if one.path != "/favicon.ico"}


def test_no_cookie_reaches_the_application_from_the_frame(page: Page, portal: Portal) -> None:
    assert cookies_in_the_frame(page, portal) == {""}
    assert len(portal.application.launches) == 2


def test_it_is_the_preference_that_keeps_them_back(
    playwright: Playwright, tmp_path: Path, portal: Portal
) -> None:
    context = launch_chromium(playwright, tmp_path, ThirdPartyCookies.ALLOWED)
    found = cookies_in_the_frame(context.new_page(), portal)
    context.close()

    assert "crossing=1" in found
