"""A portal that is slow, or fails: something is said at the right moment, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.frontend.visit import stop_clock

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.control import Control
    from tests.frontend.conftest import Application

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


def test_a_slow_answer_shows_a_skeleton_then_a_sentence_and_can_be_cancelled(
    application: Application, control: Control
) -> None:
    control.add_fault("slow", seconds=30, times=1)
    stop_clock(application.tab)

    application.link("Refresh").click()

    application.tab.clock.run_for(200)
    skeleton = application.inside.locator(".skeleton")
    expect(skeleton).to_be_visible()
    expect(application.inside.locator("#content")).to_have_attribute("aria-busy", "true")
    sentence = application.inside.locator(".waiting").get_by_text("longer than usual")
    expect(sentence).to_have_count(0)
    application.tab.clock.run_for(4000)
    expect(sentence).to_be_visible()
    application.tab.clock.resume()
    application.button("Cancel").click()
    expect(skeleton).to_have_count(0)
    expect(application.boxes).to_have_count(50)
    application.errors.clear()  # htmx reports the cancelled request


def test_an_answer_that_comes_late_takes_the_place_of_the_skeleton(application: Application) -> None:
    held: list[Route] = []
    second = "**/workflows/?*page=2*"
    application.tab.route(second, lambda route: held.append(route))

    with application.tab.expect_request(second):
        application.link("Next page").click()
    application.tab.clock.run_for(200)
    expect(application.inside.locator(".skeleton")).to_be_visible()
    held[0].continue_()

    expect(application.inside.get_by_text("51–100 of 120")).to_be_visible()
    expect(application.inside.locator(".skeleton")).to_have_count(0)


def test_a_portal_that_refuses_is_explained_and_asked_again(
    application: Application, control: Control
) -> None:
    control.add_fault("limit", times=1)
    application.link("Refresh").click()
    expect(application.inside.get_by_text("The portal is busy")).to_be_visible()

    application.link("Try again").click()

    expect(application.boxes).to_have_count(50)
    application.errors.clear()  # the status of the failed answer


def test_without_a_connection_the_page_stays_and_offers_another_try(application: Application) -> None:
    application.tab.route("**/settings/", lambda route: route.abort("connectionfailed"), times=1)

    application.link("Settings").click()

    notice = application.inside.locator("#notices").get_by_text("could not be reached")
    expect(notice).to_be_visible()
    expect(application.boxes).to_have_count(50)
    application.inside.locator("#notices").get_by_role("button", name="Try again").click()
    expect(application.inside.get_by_role("heading", name="Settings")).to_be_visible()
    expect(notice).to_have_count(0)
    application.errors.clear()  # the failed request


def test_of_two_links_the_last_one_counts(application: Application, control: Control) -> None:
    control.add_fault("slow", seconds=2, times=1)

    application.link("Refresh").click()
    application.link("Settings").click()

    heading = application.inside.get_by_role("heading", name="Settings")
    expect(heading).to_be_visible()
    application.tab.wait_for_timeout(2500)
    expect(heading).to_be_visible()
    application.errors.clear()  # htmx reports the request that was given up
