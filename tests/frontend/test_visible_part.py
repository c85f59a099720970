"""The frame is as high as its content: what must be seen at once stands in the part that the window shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.control import Control
from tests.fit import PATIENCE_SECONDS
from tests.frontend.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

    from deploy.stack import Stack

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

HEIGHT = 900
PORTALS_LOWEST_FRAME = 600
# What is visible is told in tenths of an element, so that an edge may be a little beyond.
ALL_BUT_AN_EDGE = 0.85
TOP = "element => element.getBoundingClientRect().top"
LOWER_THAN = """before =>
  document.querySelector("[data-selection-bar]").getBoundingClientRect().top > before"""
# Every place that the bar is drawn at from now on.
KEEP_PLACES = """() => {
  globalThis.places = new Set();
  const look = () => {
    const bar = document.querySelector("[data-selection-bar]");
    if (!bar.hidden) globalThis.places.add(bar.getBoundingClientRect().top);
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.fixture
def visit(chromium: BrowserContext, stack: Stack) -> Iterator[Visit]:
    tab = chromium.new_page()
    tab.set_viewport_size({"width": 1280, "height": HEIGHT})
    yield Visit(tab, stack, Control(stack))
    tab.close()


def await_still_band(visit: Visit) -> None:
    """Wait until the page has heard for a while of no other part of it that is visible."""
    bottom = "getComputedStyle(document.documentElement).getPropertyValue('--visible-bottom')"
    end = time.monotonic() + PATIENCE_SECONDS
    before, now = None, visit.framed.evaluate(bottom)
    while not now or now != before:
        assert time.monotonic() < end, "what is visible never stays the same"
        visit.tab.wait_for_timeout(300)
        before, now = now, visit.framed.evaluate(bottom)


def height_of_frame(visit: Visit) -> float:
    box = visit.tab.locator("#app-frame").bounding_box()
    assert box
    return box["height"]


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0], ids=["the top", "the middle", "the end"])
def test_the_bar_and_the_dialog_are_where_the_person_looks(visit: Visit, part: float) -> None:
    visit.list()
    expect(visit.boxes()).to_have_count(50)
    assert height_of_frame(visit) > 2 * HEIGHT
    visit.tab.evaluate("part => scrollTo(0, part * (document.body.scrollHeight - innerHeight))", part)
    number = round(part * 49)

    visit.boxes().nth(min(max(number, 2), 47)).check()

    bar = visit.inside.locator("[data-selection-bar]")
    expect(bar).to_be_in_viewport(ratio=ALL_BUT_AN_EDGE)
    visit.click("button", "Terminate")
    dialog = visit.inside.get_by_role("dialog")
    expect(dialog).to_be_in_viewport(ratio=ALL_BUT_AN_EDGE)


def test_the_bar_appears_where_it_stays(visit: Visit) -> None:
    visit.list()
    await_still_band(visit)
    visit.framed.evaluate(KEEP_PLACES)

    visit.boxes().nth(2).check()

    expect(visit.inside.locator("[data-selection-bar]")).to_be_visible()
    visit.tab.wait_for_timeout(1000)
    assert len(visit.framed.evaluate("[...places]")) == 1


def test_the_bar_moves_from_under_no_finger(visit: Visit) -> None:
    visit.ticked(1)
    bar = visit.inside.locator("[data-selection-bar]")
    expect(bar).to_be_in_viewport(ratio=ALL_BUT_AN_EDGE)
    await_still_band(visit)
    bar.get_by_role("button", name="Clear").hover()
    visit.tab.mouse.down()
    before = bar.evaluate(TOP)

    visit.tab.evaluate("scrollBy(0, 400)")
    visit.tab.wait_for_timeout(500)

    assert bar.evaluate(TOP) == before
    visit.tab.mouse.up()
    visit.framed.wait_for_function(LOWER_THAN, arg=before)
    expect(bar).to_be_in_viewport(ratio=ALL_BUT_AN_EDGE)


def test_the_frame_follows_its_content_both_ways(visit: Visit) -> None:
    visit.list()
    expect(visit.boxes()).to_have_count(50)
    high = height_of_frame(visit)

    visit.click("link", "Jobs")
    expect(visit.inside.get_by_role("heading", name="No job yet")).to_be_visible()

    end = time.monotonic() + PATIENCE_SECONDS
    while height_of_frame(visit) != PORTALS_LOWEST_FRAME and time.monotonic() < end:
        visit.tab.wait_for_timeout(100)
    assert height_of_frame(visit) == PORTALS_LOWEST_FRAME < high
