"""Everybody can use it: axe-core finds nothing on any screen, light and dark, wide and narrow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.stack import SandboxOptions
from tests.accessibility import violations
from tests.control import Control
from tests.frontend.screens import SCREENS
from tests.frontend.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Frame, Page

    from deploy.stack import Stack
    from tests.stack import Start

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

WORKFLOWS = 120
# The portal's menu is 190 px wide, and gone below 800 px: these are wide and narrow frames.
LOOKS = [("light", 1280), ("dark", 1280), ("dark", 360)]
# The page has its new size and colours.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# A colour on its way from light to dark is neither, and where less motion is wanted it still takes a moment.
STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { transition: none !important; }");
  document.adoptedStyleSheets.push(sheet);
}"""


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    quiet = {"life_rate_per_second": 0, "list_seconds": 0.0}
    return start_stack(sandbox=SandboxOptions(workflows=WORKFLOWS, settings=quiet))


@pytest.fixture
def visit(chromium: BrowserContext, stack: Stack) -> Iterator[Visit]:
    chromium.clear_cookies()
    tab = chromium.new_page()
    tab.set_default_timeout(20_000)
    visit = Visit(tab, stack, Control(stack))
    with visit.mending:
        yield visit
        tab.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing(visit: Visit, screen: str) -> None:
    frame = SCREENS[screen](visit)
    frame.evaluate(STILL)
    found = []
    for theme, width in LOOKS:
        visit.tab.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]  # one of its literals
        visit.tab.set_viewport_size({"width": width, "height": 1000})
        frame.evaluate(DRAWN)
        keep_picture(visit.tab, f"{screen} {theme} {width}")
        found += [f"{theme}, {width} px: {line}" for line in violations(frame)]
        found += [f"{theme}, {width} px: wider than its frame: {element}" for element in too_wide(frame)]

    assert "\n".join(found) == ""


def keep_picture(tab: Page, name: str) -> None:
    """Keep a screenshot to be looked at, when the run was asked for them (``FLOWSTOP_LOOKS``: a folder)."""
    if folder := os.environ.get("FLOWSTOP_LOOKS"):
        tab.wait_for_timeout(500)
        tab.screenshot(path=Path(folder) / f"{name.replace(' ', '-')}.png")


def too_wide(frame: Frame) -> list[str]:
    """What reaches beyond the frame, so that one would have to scroll sideways."""
    outside: list[str] = frame.evaluate(
        """() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          if (scrollWidth <= clientWidth) return [];
          return [...document.querySelectorAll("body *")]
            .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
            .map((element) => element.cloneNode(false).outerHTML.slice(0, 120));
        }"""
    )
    return outside
