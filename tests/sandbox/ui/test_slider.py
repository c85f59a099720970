"""Paths and applications that the frame opens in the portal's slider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.sandbox.ui.conftest import Frame, open_frame

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.sandbox.ui.conftest import Portal

pytestmark = pytest.mark.story


def close_slider(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Close").click()


def test_a_card_opens_and_its_closing_is_told(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    frame.press("openDeal")
    slider = page.get_by_role("dialog", name="Slider")
    expect(slider.frame_locator("iframe").get_by_role("heading", level=1)).not_to_be_empty()
    expect(frame.inside.locator("#answer")).to_have_text("waiting")

    close_slider(page)

    expect(frame.inside.locator("#answer")).to_have_text('{"isOpenAtNewWindow":false,"isClose":true}')


def test_newer_portals_open_any_path(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)

    frame.press("openWorkflows")

    inside = page.get_by_role("dialog").frame_locator("iframe")
    expect(inside.get_by_role("heading", level=1)).to_have_text("Workflows")
    close_slider(page)


def test_a_foreign_address_is_not_available(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)

    assert frame.does("openForeign") == {"result": "error", "errorCode": "PATH_NOT_AVAILABLE"}


def test_older_portals_open_cards_only(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal, "/ui/app?_paths=older")

    assert frame.does("openWorkflows") == "failed: PATH_NOT_AVAILABLE"
    frame.press("openDeal")
    close_slider(page)

    expect(frame.inside.locator("#answer")).to_contain_text('"isClose":true')


def test_the_application_opens_over_itself_and_closes_itself(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    frame.press("openApplication")
    slider = page.get_by_role("dialog", name="In the slider")
    inner = Frame(slider.frame_locator("iframe").frame_locator("#app-frame")).ready()
    assert portal.application.launches[-1].form["PLACEMENT_OPTIONS"] == '{"opened": true}'

    inner.press("closeApplication")

    expect(slider).to_be_hidden()
    expect(frame.inside.locator("#answer")).to_have_text('""')


def test_a_finished_installation_opens_the_slider_again(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    frame.press("openApplication")
    slider = page.get_by_role("dialog", name="In the slider")
    inner = Frame(slider.frame_locator("iframe").frame_locator("#app-frame")).ready()
    assert portal.application.launches[-1].path == "/install/"
    launches = len(portal.application.launches)

    with page.expect_response(f"{portal.application.origin}/app/**"):
        inner.press("installFinish")

    expect(slider).to_be_visible()
    inner.ready()
    assert [one.path for one in portal.application.launches[launches:]] == ["/app/"]
