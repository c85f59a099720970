"""By keyboard alone: every stop is reached and seen, a dialog keeps the focus and gives it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from deploy.stack import SandboxOptions
from tests.control import Control
from tests.frontend.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Route

    from deploy.stack import Stack
    from tests.stack import Start

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

# More stops than any page has.
TOO_MANY = 400

# Numbers the stops of the document in its order, and tells how many there are.
NUMBER = """() => {
  const isStop = (one) =>
    one.tabIndex >= 0 && one.type !== "hidden" && !one.disabled && one.checkVisibility();
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary");
  const stops = [...all].filter(isStop);
  stops.forEach((stop, number) => { stop.dataset.stop = number; });
  return stops.length;
}"""

WHERE = """() => {
  const active = document.activeElement;
  const style = getComputedStyle(active);
  const isOutlined = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2;
  return {
    stop: active.dataset.stop === undefined ? -1 : Number(active.dataset.stop),
    isOutlined,
    inDialog: Boolean(active.closest("dialog")),
    what: active.cloneNode(false).outerHTML.slice(0, 120),
  };
}"""


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    quiet = {"life_rate_per_second": 0, "list_seconds": 0.0}
    return start_stack(sandbox=SandboxOptions(workflows=12, settings=quiet))


@pytest.fixture
def visit(chromium: BrowserContext, stack: Stack) -> Iterator[Visit]:
    chromium.clear_cookies()
    tab = chromium.new_page()
    tab.set_default_timeout(20_000)
    yield Visit(tab, stack, Control(stack))
    tab.close()


def press(visit: Visit, key: str) -> dict[str, Any]:
    """Press a key, and tell where the focus is then."""
    visit.tab.keyboard.press(key)
    place: dict[str, Any] = visit.framed.evaluate(WHERE)
    return place


def tab_to(visit: Visit, selector: str) -> None:
    """Press Tab until the element has the focus."""
    wanted = visit.inside.locator(selector)
    for _ in range(TOO_MANY):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        press(visit, "Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


@pytest.mark.parametrize("page", ["Running workflows", "Jobs", "Audit log", "Settings"])
def test_every_stop_is_reached_in_the_order_of_the_page_and_seen(visit: Visit, page: str) -> None:
    visit.page(page)
    if page == "Running workflows":
        # The figures come after the list, and are stops too.
        expect(visit.inside.locator(".overview__foot")).to_be_visible()
    visit.settle()
    count = visit.framed.evaluate(NUMBER)
    assert count >= len(visit.inside.locator(".navigation a").all()) == 4
    visit.inside.locator(".navigation a").first.focus()

    reached: list[int] = [0]
    unseen: list[str] = []
    while len(reached) < TOO_MANY:
        place = press(visit, "Tab")
        if place["stop"] < 0:
            break
        reached.append(place["stop"])
        if not place["isOutlined"]:
            unseen.append(place["what"])

    assert reached == list(range(count))
    assert unseen == []


def test_a_job_from_the_tick_to_its_page_without_a_mouse(visit: Visit) -> None:
    visit.list()
    visit.inside.locator(".navigation a").first.focus()
    tab_to(visit, 'input[name="selected"] >> nth=0')
    press(visit, "Space")
    tab_to(visit, "[data-selection-terminate]")
    press(visit, "Enter")
    message = visit.inside.get_by_role("dialog").get_by_label("Status message")
    expect(message).to_be_focused()

    # Round it goes, both ways, and never out of the dialog.
    for key in ("Tab", "Shift+Tab"):
        for _ in range(25):
            place = press(visit, key)
            assert place["inDialog"], place["what"]
    press(visit, "Escape")
    expect(visit.inside.get_by_role("dialog")).to_have_count(0)
    expect(visit.inside.locator("[data-selection-terminate]")).to_be_focused()

    press(visit, "Enter")
    expect(message).to_be_focused()
    visit.tab.keyboard.type("Stopped by keyboard")
    tab_to(visit, "dialog [type=submit]")
    press(visit, "Enter")
    expect(visit.inside.locator("[data-job-done=true]").first).to_be_visible()
    expect(visit.inside.get_by_text("Stopped by keyboard").first).to_be_visible()


def test_who_wants_less_motion_gets_none(visit: Visit) -> None:
    visit.tab.emulate_media(reduced_motion="reduce")
    visit.list()
    # Not a slow portal: its answer could come before one has looked.
    held: list[Route] = []
    the_list = re.compile(r"/workflows/(\?|$)")
    visit.tab.route(the_list, lambda route: held.append(route))
    with visit.tab.expect_request(the_list):
        visit.click("link", "Refresh")
    row = visit.inside.locator(".skeleton__row").first
    expect(row).to_be_visible()

    seconds = row.evaluate("element => Number.parseFloat(getComputedStyle(element).animationDuration)")
    held[0].abort()

    assert seconds < 0.001
