"""The official client in the portal's frame: what it is told, what it may ask, where it meets silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.sandbox.ui.conftest import open_frame

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.sandbox.ui.conftest import Portal

pytestmark = pytest.mark.story


def switch_user(page: Page, name: str) -> None:
    option = page.get_by_label("Signed in as").locator("option", has_text=name)
    page.get_by_label("Signed in as").select_option(option.get_attribute("value"))
    page.get_by_role("button", name="Switch user").click()


def test_it_starts(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)

    data = frame.does("data")

    form = portal.application.launches[-1].form
    assert isinstance(data, dict)
    assert data["access_token"] == form["AUTH_ID"]
    assert data["refresh_token"] == form["REFRESH_ID"]
    assert data["member_id"] == form["member_id"]
    assert data["domain"] == portal.origin
    assert data["expires_in"] == 3600
    assert (data["admin"], data["lang"], data["placement"]) == (True, "en", "DEFAULT")


def test_the_frame_is_the_portals(page: Page, portal: Portal) -> None:
    open_frame(page, portal)

    frame = page.locator("#app-frame")
    launch = portal.application.launches[-1]
    domain = portal.origin.removeprefix("http://")
    assert frame.get_attribute("name") == f"{domain}|0|{launch.query['APP_SID']}"
    assert frame.get_attribute("allow") == "geolocation *; microphone *; camera *; autoplay *;"
    assert frame.get_attribute("sandbox") is None
    assert launch.query == {
        "DOMAIN": domain,
        "PROTOCOL": "0",
        "LANG": "en",
        "APP_SID": launch.query["APP_SID"],
    }


def test_the_client_obeys_a_strict_policy(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    for action in ("data", "refreshAuth", "setTitle", "fitWindow", "userSet", "getInterface"):
        frame.does(action)
    frame.press("htmx")
    expect(frame.inside.locator("#piece")).to_have_text("A piece by htmx")

    assert frame.does("violations") == []


def test_tokens_are_renewed_as_long_as_the_portals_session_lives(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    first = portal.application.launches[-1].form["AUTH_ID"]

    renewed = frame.does("refreshAuth")

    assert isinstance(renewed, dict)
    assert renewed["access_token"] not in ("", first)


def test_nothing_comes_back_when_the_session_has_ended(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    page.get_by_role("button", name="End the portal session").click()
    expect(page.get_by_role("status")).to_have_text("The portal session has ended.")

    with page.expect_response("**/ui/frame/tokens") as refused:
        frame.press("refreshAuth")

    assert refused.value.json() == {"error": "authorization_required"}
    page.wait_for_timeout(1500)
    expect(frame.inside.locator("#answer")).to_have_text("waiting")
    expect(page.get_by_role("status")).to_have_text("Unable to get a new token. Reload the page.")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign in to")


def test_the_page_takes_the_title(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)

    assert frame.does("setTitle") == {"title": "Title from the frame"}

    expect(page.get_by_role("heading", level=1)).to_have_text("Title from the frame")


def test_the_frame_grows_when_asked_and_never_below_600_pixels(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)

    assert frame.does("resizeTall") == {"width": 900, "height": 1500}
    assert frame.does("resizeSmall") == {"width": 900, "height": 600}
    fitted = frame.does("fitWindow")

    assert isinstance(fitted, dict)
    assert fitted["width"] > 900
    assert fitted["height"] >= 600


def test_the_page_scrolls(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    frame.does("resizeTall")

    assert frame.does("scroll") == {"scroll": 150}

    assert page.evaluate("window.scrollY") == 150


def test_unknown_and_denied_commands_are_dropped_in_silence(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    frame.press("unknown")
    page.wait_for_timeout(1500)
    expect(frame.inside.locator("#answer")).to_have_text("waiting")
    frame.press("closeApplication")
    page.wait_for_timeout(1500)
    expect(frame.inside.locator("#answer")).to_have_text("waiting")

    frame = open_frame(page, portal, "/ui/app?_placement=CRM_DEAL_DETAIL_TAB&_entity=8061")

    assert frame.does("setTitle") == {"isSafely": True}
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Title from the frame")


def test_a_card_tells_its_item(page: Page, portal: Portal) -> None:
    page.goto(portal.page("/"))
    page.evaluate("location.href = '/ui/app?_placement=CRM_DEAL_DETAIL_TAB&_entity=8061'")
    page.wait_for_url("**/ui/app**")
    expect(page.frame_locator("#app-frame").locator("#frame")).to_have_text("ready")

    form = portal.application.launches[-1].form

    assert form["PLACEMENT"] == "CRM_DEAL_DETAIL_TAB"
    assert json.loads(form["PLACEMENT_OPTIONS"]) == {"ID": "8061", "URI": "/"}


def test_whoever_crafts_a_link_writes_the_options(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal, "/ui/app?evil=%3Cb%3E&list[x]=1")

    form = portal.application.launches[-1].form
    told = frame.does("data")

    assert json.loads(form["PLACEMENT_OPTIONS"]) == {"evil": "<b>", "list": {"x": "1"}}
    assert isinstance(told, dict)
    assert told["options"] == {"evil": "&lt;b&gt;", "list": {"x": "1"}}


def test_older_portals_send_a_shorter_form(page: Page, portal: Portal) -> None:
    open_frame(page, portal, "/ui/app?_form=older&_lang=la")

    launch = portal.application.launches[-1]

    assert set(launch.form) == {"AUTH_ID", "AUTH_EXPIRES", "REFRESH_ID", "member_id", "status", "PLACEMENT"}
    assert launch.query["LANG"] == "la"


def test_user_options_are_kept(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    assert frame.does("userGet") == "failed: user.option.colour not set"
    with page.expect_response("**/ui/frame/user-option"):
        assert frame.does("userSet") is None

    frame = open_frame(page, portal)

    assert frame.does("userGet") == "green"


def test_application_options_are_for_those_who_may_install(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    assert frame.does("appSet") == {"shared": "yes"}
    frame.press("installFinish")
    page.wait_for_url("**install_finished=Y**")

    switch_user(page, "ordinary employee")
    frame = open_frame(page, portal)
    frame.press("appSet")

    page.wait_for_timeout(1500)
    expect(frame.inside.locator("#answer")).to_have_text("waiting")


def test_one_colleague_is_chosen(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    frame.press("selectUser")
    chooser = page.get_by_role("dialog", name="Select an employee")
    name = chooser.locator("li button").first.inner_text()

    chooser.locator("li button").first.click()

    expect(frame.inside.locator("#answer")).to_contain_text(json.dumps(name, ensure_ascii=False))


def test_a_choice_that_is_cancelled_is_not_answered(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    frame.press("selectUsers")

    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    page.wait_for_timeout(500)
    expect(frame.inside.locator("#answer")).to_have_text("waiting")


def test_the_window_is_reloaded(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    launches = len(portal.application.launches)

    with page.expect_navigation():
        frame.press("reload")
    frame.ready()

    assert len(portal.application.launches) == launches + 1


def test_another_origin_is_not_heard(page: Page, portal: Portal) -> None:
    open_frame(page, portal)
    sid = portal.application.launches[-1].query["APP_SID"]

    page.evaluate('sid => window.postMessage(`setTitle:{"title":"forged"}:1:${sid}`, \'*\')', sid)

    page.wait_for_timeout(300)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("forged")
