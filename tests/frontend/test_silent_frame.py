"""The portal's page does not answer, or its library is missing: the application works all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.control import Control
from tests.frontend.visit import Visit, stop_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

    from deploy.stack import Stack

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

# Registered before the portal's own listener, so that it hears nothing.
DEAF = """if (globalThis === globalThis.top) {
  addEventListener("message", (event) => event.stopImmediatePropagation(), true);
}"""


@pytest.fixture
def visit(chromium: BrowserContext, stack: Stack) -> Iterator[Visit]:
    Visit(chromium.new_page(), stack, Control(stack)).list().tab.close()  # installed
    tab = chromium.new_page()
    yield Visit(tab, stack, Control(stack))
    tab.close()


def expect_the_sentence_and_a_working_list(visit: Visit) -> None:
    notice = visit.inside.locator("#notices").get_by_text("does not answer")
    expect(notice).to_be_visible()
    expect(visit.boxes()).to_have_count(50)
    card = visit.inside.locator("a[data-open-path]").first
    with visit.tab.expect_popup() as opened:
        card.click()
    opened.value.close()
    visit.click("link", "Settings")
    expect(visit.inside.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    visit.click("button", "Dismiss")
    expect(notice).to_have_count(0)


def test_the_library_is_missing(visit: Visit) -> None:
    visit.tab.route("**/b24jssdk*", lambda route: route.abort())

    visit.list(has_portal=False)

    expect_the_sentence_and_a_working_list(visit)


def test_the_portals_page_is_deaf(visit: Visit) -> None:
    visit.tab.clock.install()
    stop_clock(visit.tab)
    visit.tab.add_init_script(DEAF)

    visit.list(has_portal=False)

    visit.tab.clock.run_for(7_500)
    expect(visit.inside.locator("#notices")).to_be_empty()
    visit.tab.clock.run_for(1_500)
    visit.tab.clock.resume()
    expect_the_sentence_and_a_working_list(visit)
