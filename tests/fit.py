"""Waiting for places: until the frame is as high as its content, and until something stays where it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from deploy.stack import Stack

PATIENCE_SECONDS = 20
_STILL_MS = 300
IS_FITTED = "() => innerHeight >= Math.floor(document.getElementById('page').getBoundingClientRect().height)"


def await_fit(tab: Page, stack: Stack) -> None:
    """Wait until the tab shows all of the application: a frame that grows carries away what is being pressed.

    Raises `AssertionError` when the frame stays lower than its content.
    """
    frame = next(frame for frame in tab.frames if frame.url.startswith(stack.app_url))
    end = time.monotonic() + PATIENCE_SECONDS
    while not frame.evaluate(IS_FITTED):
        assert time.monotonic() < end, "the portal has not made the frame as high as its content"
        tab.wait_for_timeout(50)


def await_still(tab: Page, what: Locator) -> None:
    """Wait until something stays where it is: scrolling goes on for a moment, and nobody presses meanwhile.

    Raises `AssertionError` when it does not come to rest.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    before, now = None, what.bounding_box()
    while now is None or now != before:
        assert time.monotonic() < end, "it never stays where it is"
        tab.wait_for_timeout(_STILL_MS)
        before, now = now, what.bounding_box()
