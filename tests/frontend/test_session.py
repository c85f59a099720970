"""The session of a page that stays open: renewed before it ends, and when the server does not know it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Request, Route

    from tests.control import Control
    from tests.frontend.conftest import Application

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

RENEWAL = "/session/renew/"
SESSION_MINUTES = 30


def _session(request: Request) -> str:
    return request.headers.get("authorization", "")


def _lists(application: Application) -> list[Request]:
    """The requests for the list itself, without the figures and menus that it asks for."""
    return [one for one in application.asked if urlsplit(one.url).path == "/workflows/"]


def _forget_session_once(route: Route) -> None:
    """Send one request with a session that the server does not know."""
    route.continue_(headers={**route.request.headers, "authorization": "Bearer unknown"})


def test_the_session_leaves_the_document_and_travels_in_a_header(application: Application) -> None:
    expect(application.inside.locator('meta[name="flowstop-session"]')).to_have_count(0)
    (asked,) = _lists(application)

    token = _session(asked).removeprefix("Bearer ")
    assert len(token) > 40
    assert token not in application.inside.locator(":root").inner_html()
    assert "cookie" not in asked.headers


def test_it_is_renewed_five_minutes_before_its_end(application: Application) -> None:
    tab = application.tab
    # The server signs whole seconds of its own clock: two sessions of one second are alike.
    time.sleep(1.1)
    tab.clock.fast_forward((SESSION_MINUTES - 6) * 60 * 1000)
    assert application.requests_for(RENEWAL) == []

    with tab.expect_response(lambda answer: RENEWAL in answer.url) as answered:
        tab.clock.fast_forward(90 * 1000)

    assert answered.value.status == 200
    answered.value.finished()
    before = _session(_lists(application)[0])
    # The list that is shown would do for its boxes.
    with tab.expect_response(lambda answer: urlsplit(answer.url).path == "/workflows/"):
        application.link("Refresh").click()
    expect(application.boxes).to_have_count(50)
    after = _session(_lists(application)[-1])
    assert after != before
    assert len(application.requests_for(RENEWAL)) == 1


def test_a_refused_request_is_repeated_with_a_new_session(application: Application) -> None:
    application.tab.route("**/workflows/**", _forget_session_once, times=1)

    application.link("Next page").click()

    expect(application.inside.get_by_text("51–100 of 120")).to_be_visible()
    lists = _lists(application)
    assert len(application.requests_for(RENEWAL)) == 1
    assert len(lists) == 3
    assert lists[-1].url == lists[-2].url
    application.errors.clear()  # the refused request


def test_a_page_that_slept_over_night_goes_on_by_itself(application: Application) -> None:
    with application.tab.expect_response(lambda answer: RENEWAL in answer.url) as answered:
        application.tab.clock.fast_forward(9 * 60 * 60 * 1000)
    assert answered.value.status == 200

    application.link("Settings").click()

    expect(application.inside.get_by_role("heading", name="Settings")).to_be_visible()


def test_when_the_portals_session_is_over_it_says_what_to_do(application: Application) -> None:
    tab = application.tab
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.get_by_role("button", name="End the portal session").click()
    tab.route("**/jobs/**", _forget_session_once)

    with tab.expect_response(lambda answer: "/jobs/" in answer.url and answer.status == 401):
        application.link("Jobs").click()
    # Its time limit begins only when the page asks the portal, a moment after the refusal.
    notice = application.inside.get_by_role("alert").get_by_text("Reload the portal's page")
    for _ in range(30):
        tab.clock.run_for(1_000)
        if notice.count():
            break
    expect(notice.first).to_be_visible()
    # What was there is still there.
    expect(application.boxes).to_have_count(50)
    application.errors.clear()  # the refused request


def test_a_page_whose_application_is_removed_says_so_in_its_language(
    application: Application, control: Control
) -> None:
    tab = application.tab
    application.link("Settings").click()
    application.inside.get_by_label("Language", exact=True).select_option("de")
    application.inside.locator("#save-preferences").click()
    expect(application.inside.get_by_role("heading", level=1, name="Einstellungen")).to_be_visible()
    control.remove_application()

    # It stands idle until it wants a new session, which the portal gives nobody any more.
    tab.clock.fast_forward((SESSION_MINUTES - 4) * 60 * 1000)
    notice = application.inside.get_by_role("alert").get_by_text("Flowstop wurde aus diesem Portal entfernt.")
    for _ in range(30):
        tab.clock.run_for(1_000)
        if notice.count():
            break
    expect(notice).to_be_visible()

    application.link("Vorgänge").click()
    expect(
        application.inside.get_by_role("heading", name="Flowstop wurde aus diesem Portal entfernt")
    ).to_be_visible()
    expect(notice).to_have_count(0)
    with tab.expect_navigation():
        application.inside.locator("[data-reload-portal]").click()
    application.errors.clear()  # the refused requests
