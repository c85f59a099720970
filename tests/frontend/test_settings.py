"""What is saved and preferred, in a real browser: menus by keyboard, another language without a new page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.frontend.conftest import Application

# The first test waits for the whole product to start.
pytestmark = pytest.mark.timeout(600)


def _root(application: Application) -> dict[str, str | None]:
    html = application.inside.locator("html")
    return {name: html.get_attribute(name) for name in ("lang", "dir", "data-theme")}


def test_messages_are_saved_in_the_settings_and_used_in_the_dialog(application: Application) -> None:
    inside = application.inside
    application.link("Settings").click()
    section = inside.get_by_role("region", name="Saved messages")
    section.get_by_text("Add a message").click()
    section.get_by_label("Name").fill("Replaced")
    section.get_by_label("Status message").fill("0")
    section.get_by_role("button", name="Save").click()

    # Said where it is wrong, with the focus there and nothing lost.
    expect(section.get_by_role("alert")).to_have_text(
        "Enter another message: the portal takes “0” for no message at all."
    )
    wrong = section.get_by_label("Status message")
    expect(wrong).to_be_focused()
    expect(section.get_by_label("Name")).to_have_value("Replaced")
    assert [error for error in application.errors if "422" not in error] == []
    application.errors.clear()
    wrong.fill("Stopped: {template} replaced")
    wrong.press("Enter")
    expect(section.locator("summary").first).to_contain_text("Stopped: {template} replaced")
    expect(section.get_by_role("heading")).to_be_focused()

    application.link("Running workflows").click()
    application.boxes.first.check()
    application.button("Terminate").click()
    menu = application.dialog.get_by_text("Saved messages")
    # By keyboard alone: open, close without losing the dialog, open, choose.
    menu.press("Enter")
    expect(application.dialog.get_by_role("button", name="Replaced")).to_be_visible()
    application.dialog.get_by_role("button", name="Replaced").press("Escape")
    expect(application.dialog.get_by_role("button", name="Replaced")).to_be_hidden()
    expect(menu).to_be_focused()
    expect(application.dialog).to_be_visible()
    menu.press("Enter")
    application.dialog.get_by_role("button", name="Replaced").press("Enter")
    field = application.dialog.get_by_label("Status message")
    expect(field).to_have_value("Stopped: {template} replaced")
    expect(field).to_be_focused()
    expect(application.dialog.get_by_text("It will read:")).to_be_visible()


def test_a_template_is_protected_and_freed(application: Application) -> None:
    application.link("Settings").click()
    section = application.inside.get_by_role("region", name="Protected templates")
    section.get_by_text("Protect a template").click()
    buttons = section.get_by_role("button", name="Protect ")
    expect(buttons.first).to_be_visible()
    name = (buttons.last.get_attribute("aria-label") or "").removeprefix("Protect ")
    section.get_by_label("Name of the template").fill(name[:-1])
    expect(buttons).to_have_count(1)
    buttons.click()

    ending = section.get_by_role("button", name=f"End the protection of {name}")
    expect(ending).to_be_visible()
    ending.click()
    expect(ending).to_be_hidden()


def test_another_language_and_theme_need_no_new_page(application: Application) -> None:
    inside = application.inside
    application.link("Settings").click()
    inside.get_by_label("Language", exact=True).select_option("de")
    inside.get_by_label("Theme", exact=True).select_option("dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = inside.locator("body").evaluate(f"() => {ground}")
    inside.get_by_role("button", name="Save", exact=True).last.click()

    expect(inside.locator("html")).to_have_attribute("lang", "de")
    assert _root(application) == {"lang": "de", "dir": "ltr", "data-theme": "dark"}
    assert inside.locator("body").evaluate(f"() => {ground}") != light
    expect(inside.locator("#sentences")).to_have_attribute("data-thousands", ".")
    expect(inside.locator("header.bar")).to_have_count(1)
    expect(inside.locator("#save-preferences")).to_be_focused()

    # Every later page too, and the next opening.
    inside.locator('nav a[href="/jobs/"]').click()
    expect(inside.locator('nav a[href="/jobs/"]')).to_have_attribute("aria-current", "page")
    application.tab.reload()
    expect(inside.locator("html")).to_have_attribute("data-theme", "dark", timeout=20_000)
    expect(application.boxes).to_have_count(50, timeout=20_000)
    assert inside.locator("body").evaluate(f"() => {ground}") != light

    inside.locator('nav a[href="/settings/"]').click()
    inside.locator("#preferred-language").select_option("")
    inside.locator("#preferred-theme").select_option("system")
    inside.locator("#save-preferences").click()
    expect(inside.locator("html")).to_have_attribute("data-theme", "system")
    assert inside.locator("body").evaluate(f"() => {ground}") == light


def test_a_filter_is_saved_over_the_list_and_used_again(application: Application) -> None:
    inside = application.inside
    inside.get_by_role("link", name="Leads").first.click()
    expect(inside.locator("[data-chip-clear]").first).to_be_visible()
    menu = inside.get_by_text("Saved", exact=False).and_(inside.locator("[data-filters] summary"))
    menu.click()
    inside.get_by_label("Save this filter…").fill("All leads")
    inside.get_by_label("Save this filter…").press("Enter")
    expect(inside.get_by_role("status").filter(has_text="Saved for all administrators")).to_be_focused()
    expect(application.link("All leads")).to_have_attribute("aria-current", "true")
    application.link("Running workflows").click()
    expect(inside.locator("[data-chip-clear]").first).to_be_hidden()

    menu.click()
    application.link("All leads").click()
    expect(inside.locator("[data-chip-clear]").first).to_be_visible()

    application.link("Settings").click()
    section = inside.get_by_role("region", name="Saved filters")
    section.get_by_text("All leads").click()
    section.get_by_role("link", name="Show the list").click()
    expect(inside.locator("[data-chip-clear]").first).to_be_visible()
    application.link("Settings").click()
    section.get_by_text("All leads").click()
    section.get_by_role("button", name="Delete").click()
    expect(section.get_by_text("None so far.")).to_be_visible()
