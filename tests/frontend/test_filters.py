"""Finding: chips, the form, people by name, the link. With the keyboard where a keyboard can do it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.frontend.visit import stop_clock

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from deploy.stack import Stack
    from tests.control import Control
    from tests.frontend.conftest import Application

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


def _look(application: Application, name: str) -> None:
    """Keep a picture where the run was asked for them."""
    if folder := os.environ.get("FLOWSTOP_LOOKS"):
        application.tab.screenshot(path=Path(folder) / f"{name}.png")


def _chips(application: Application) -> Locator:
    return application.inside.get_by_role("list", name="Filter").get_by_role("listitem")


def _shown(application: Application) -> set[str]:
    boxes = application.inside.locator('input[name="selected"]').all()
    return {str(box.get_attribute("data-workflow")) for box in boxes}


def _open(application: Application) -> Locator:
    application.button("Filter").press("Enter")
    expect(application.dialog.get_by_role("heading", name="Filter")).to_be_visible()
    return application.dialog


def _settled(application: Application, chips: int) -> None:
    expect(application.dialog).to_have_count(0)
    expect(_chips(application)).to_have_count(chips)
    expect(application.inside.locator("#content")).not_to_have_attribute("aria-busy", "true")


def _expect_focus(application: Application, place: Locator) -> None:
    """Wait until the document's focus is there; the portal's page around it may have the window's."""
    expect(place).to_be_visible()
    for _attempt in range(50):
        if place.evaluate("element => document.activeElement === element"):
            return
        application.tab.wait_for_timeout(100)
    focused = place.evaluate("() => document.activeElement.outerHTML.slice(0, 300)")
    raise AssertionError(f"the focus is at {focused}")


def test_a_filter_is_put_together_and_taken_apart_again(application: Application, control: Control) -> None:
    record = control.workflows()
    dialog = _open(application)
    expect(dialog.get_by_label("Find a template by name")).to_be_focused()
    _look(application, "filter-form")

    application.tab.keyboard.type("CONTRACT")
    expect(dialog.get_by_label("Lead qualification")).to_be_hidden()
    dialog.get_by_label("Contract approval").press("Space")
    dialog.get_by_label("Find a template by name").fill("")
    dialog.get_by_label("Lead qualification").check()
    dialog.get_by_role("combobox", name="Started").select_option(label="Started more than 7 days ago")
    dialog.get_by_role("button", name="Show").press("Enter")

    _settled(application, 3)
    expect(_chips(application).nth(0)).to_contain_text("Template: Contract approval")
    expect(_chips(application).nth(2)).to_contain_text("Started more than 7 days ago")
    _expect_focus(application, application.button("Filter"))
    _look(application, "filtered")
    [question] = [one for one in application.requests_for("/workflows/?") if "older" in one.url]
    assert parse_qs(urlsplit(question.url).query) == {"template": ["11", "13"], "older": ["7d"]}
    shown = _shown(application)
    assert shown
    assert {record[one]["template_id"] for one in shown} <= {11, 13}

    # A chip goes by the keyboard, and the next one has the focus.
    first = application.link("Remove the filter: Template: Contract approval")
    first.focus()
    first.press("Delete")
    _settled(application, 2)
    _expect_focus(application, application.link("Remove the filter: Template: Lead qualification"))
    application.link("Clear the whole filter").press("Enter")
    expect(_chips(application)).to_have_count(0)
    expect(application.inside.get_by_text("1–50 of 120")).to_be_visible()
    _expect_focus(application, application.button("Filter"))


def test_people_are_found_by_name_and_dismissed_ones_in_one_click(
    application: Application, control: Control
) -> None:
    record = control.workflows()
    dialog = _open(application)
    search = dialog.get_by_label("Find who started it by name")
    search.focus()
    found = dialog.locator("#filter-by-found")
    expect(found.get_by_role("checkbox").first).to_be_visible()
    search.fill("соко")
    expect(found.get_by_role("checkbox")).to_have_count(1)
    found.get_by_label("Екатерина Соколова").press("Space")
    expect(found.get_by_role("checkbox")).to_have_count(0)
    expect(dialog.get_by_label("Екатерина Соколова")).to_be_focused()
    search.fill("nobody at all")
    expect(found.get_by_text("Nobody of that name")).to_be_visible()
    dialog.get_by_role("group", name="Started by").get_by_label("Dismissed employees").check()
    _look(application, "filter-people")
    dialog.get_by_role("button", name="Show").click()

    _settled(application, 2)
    expect(_chips(application).nth(0)).to_contain_text("Started by Екатерина Соколова")
    expect(_chips(application).nth(1)).to_contain_text("Started by dismissed employees")
    shown = _shown(application)
    assert shown
    assert {record[one]["started_by"] for one in shown} <= {5, 6, 8, 12, 19, 22}

    # The form comes back as it was left.
    dialog = _open(application)
    expect(dialog.get_by_label("Екатерина Соколова")).to_be_checked()
    expect(dialog.get_by_role("group", name="Started by").get_by_label("Dismissed employees")).to_be_checked()
    application.tab.keyboard.press("Escape")
    _expect_focus(application, application.button("Filter"))


def test_what_is_chosen_stays_chosen_and_is_counted_right(application: Application) -> None:
    application.boxes.nth(0).check()
    application.boxes.nth(1).check()
    dialog = _open(application)
    dialog.get_by_label("Workflow IDs").fill("65e5a449e8f135.21284909")
    dialog.get_by_role("button", name="Show").click()
    _settled(application, 1)

    expect(application.inside.get_by_role("heading", name="Nothing that runs matches")).to_be_visible()
    expect(application.inside.locator("[data-selection-count]")).to_have_text("2 selected")
    _look(application, "nothing-matches")
    application.link("Show all that runs").click()
    expect(application.inside.locator('input[name="selected"]:checked')).to_have_count(2)


def test_more_ids_than_fit_are_told_before_anything_is_sent(application: Application) -> None:
    dialog = _open(application)
    field = dialog.get_by_label("Workflow IDs")
    field.fill("\n".join(f"65e5a449e8f135.{number}" for number in range(201)))
    before = len(application.asked)

    dialog.get_by_role("button", name="Show").click()

    assert field.evaluate("field => field.validationMessage") == "A filter holds at most 200 IDs."
    assert len(application.asked) == before
    field.fill("65e5a449e8f135.1")
    dialog.get_by_role("button", name="Show").click()
    _settled(application, 1)


def test_the_link_opens_the_portals_page_with_the_same_filter(application: Application, stack: Stack) -> None:
    dialog = _open(application)
    dialog.get_by_label("Deals", exact=True).check()
    dialog.get_by_label("Leads", exact=True).check()
    dialog.get_by_label("Hung", exact=True).check()
    dialog.get_by_role("button", name="Show").click()
    _settled(application, 3)
    shown = _shown(application)

    # "Copied" stands there for some seconds only.
    stop_clock(application.tab)
    application.button("Copy link").click()
    link = application.inside.locator("#list-link")
    expect(link).to_have_text(re.compile("^http"))
    expect(application.inside.get_by_role("button", name="Copied")).to_be_visible()
    application.tab.clock.resume()
    _look(application, "link")
    url = link.text_content() or ""
    assert url.startswith(f"{stack.portal_url}/marketplace/app/")
    application.tab.goto(url)

    expect(_chips(application)).to_have_count(3)
    expect(_chips(application).nth(2)).to_contain_text("Hung")
    assert _shown(application) == shown
    application.tab.reload()
    expect(_chips(application)).to_have_count(3)


def test_a_crafted_link_shows_nothing_but_a_sentence(application: Application, stack: Stack) -> None:
    for crafted in ("template%3D%3Cscript%3E", "nonsense", "x"):
        application.tab.goto(f"{stack.portal_url}/ui/app?flowstop={crafted}")

        title = application.inside.get_by_role("heading", name="The filter could not be understood")
        expect(title).to_be_visible()
        expect(application.boxes).to_have_count(0)
    application.link("Show all that runs").click()
    expect(application.boxes).to_have_count(50)
