"""Choosing workflows and confirming: what is ticked stays ticked, and one confirmation makes one job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.fit import await_still

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.control import Control
    from tests.frontend.conftest import Application

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


def test_the_bar_appears_with_the_first_tick(application: Application) -> None:
    expect(application.button("Terminate")).to_be_hidden()

    application.boxes.nth(3).check()

    expect(application.button("Terminate")).to_be_visible()
    expect(application.inside.get_by_text("1 selected").first).to_be_visible()
    application.button("Clear").click()
    expect(application.button("Terminate")).to_be_hidden()
    expect(application.boxes.nth(3)).not_to_be_checked()


def test_ticks_survive_going_from_page_to_page(application: Application) -> None:
    application.boxes.nth(0).check()
    first = application.boxes.nth(0).get_attribute("data-workflow")
    application.link("Next page").click()
    expect(application.inside.get_by_text("51–100 of 120")).to_be_visible()
    expect(application.inside.locator('input[name="selected"]:checked')).to_have_count(0)
    application.boxes.nth(1).check()
    application.link("Previous page").click()

    expect(application.inside.get_by_text("1–50 of 120")).to_be_visible()
    expect(application.inside.get_by_label(f"Select workflow {first}")).to_be_checked()
    expect(application.inside.locator("[data-selection-count]")).to_have_text("2 selected")


def test_all_of_a_page_and_a_range(application: Application) -> None:
    everything = application.inside.get_by_label("Select all on this page")
    everything.check()
    expect(application.inside.locator("[data-selection-count]")).to_have_text("50 selected")
    everything.uncheck()

    application.boxes.nth(2).click()
    application.boxes.nth(6).click(modifiers=["Shift"])

    expect(application.inside.locator("[data-selection-count]")).to_have_text("5 selected")
    assert everything.evaluate("box => box.indeterminate")


def test_everything_that_runs_can_be_chosen_at_once(application: Application, control: Control) -> None:
    application.boxes.nth(0).check()

    application.inside.get_by_role("button", name="Select all").click()

    chosen = application.inside.locator("[data-selection-count]")
    running = [one for one in control.workflows().values() if one["in_list"]]
    expect(chosen).to_contain_text(f"{len(running)} selected as of ")
    expect(application.inside.get_by_role("button", name="Select all")).to_be_hidden()
    application.link("Next page").click()
    # The rows of the first page are all ticked too: only the second page's tell something.
    expect(application.link("Previous page")).to_be_visible()
    expect(application.inside.locator('input[name="selected"]:not(:checked)')).to_have_count(0)
    application.button("Terminate").click()
    expect(application.button(f"Terminate {len(running)} workflows")).to_be_visible()
    expect(application.dialog.get_by_text(f"{len(running)} workflows as of ")).to_be_visible()
    assert application.requests_for("/terminations/dialog/")[0].post_data_buffer is not None
    assert len(application.requests_for("/terminations/dialog/")[0].post_data_buffer or b"") < 1000


def test_what_appeared_later_is_not_chosen_and_can_be_ticked(
    application: Application, control: Control
) -> None:
    application.boxes.nth(0).check()
    application.inside.get_by_role("button", name="Select all").click()
    chosen = application.inside.locator("[data-selection-count]")
    expect(chosen).to_contain_text(" selected as of ")
    # Which rows belong to it is told by an answer of its own.
    expect(application.inside.locator('input[name="selected"]:not(:checked)')).to_have_count(0)
    before = (chosen.text_content() or "").split()[0]

    (later,) = control.add_workflows(1, age_seconds=0)
    application.link("Refresh").click()

    newest = application.inside.get_by_label(f"Select workflow {later}")
    expect(newest).not_to_be_checked()
    expect(application.inside.locator('input[name="selected"]:checked')).to_have_count(49)
    expect(chosen).to_contain_text(f"{before} selected as of ")
    newest.check()
    expect(chosen).to_contain_text(f"{int(before) + 1} selected as of ")


def test_a_long_list_is_read_while_one_looks_on(application: Application, control: Control) -> None:
    control.add_workflows(600, age_seconds=60, with_task=False)
    application.link("Refresh").click()
    expect(application.inside.get_by_text("1–50 of 7")).to_be_visible()
    application.boxes.nth(0).check()
    chosen = application.inside.locator("[data-selection-count]")
    # Slow enough that a person in no hurry finds "Cancel" there.
    control.change_settings(list_seconds=1.0)

    application.inside.get_by_role("button", name="Select all").click()

    expect(application.inside.get_by_role("progressbar", name="Reading the list")).to_be_visible()
    application.button("Cancel").click()
    expect(application.inside.get_by_role("progressbar")).to_have_count(0)
    expect(chosen).to_have_text("1 selected")
    application.inside.get_by_role("button", name="Select all").click()
    expect(application.inside.get_by_role("progressbar", name="Reading the list")).to_be_visible()
    application.link("Next page").click()
    control.change_settings(list_seconds=0)
    expect(chosen).to_contain_text(" selected as of ", timeout=60_000)
    expect(application.inside.locator('input[name="selected"]:checked')).to_have_count(50)
    running = [one for one in control.workflows().values() if one["in_list"]]
    expect(chosen).to_contain_text(f"{len(running)} selected as of ")


def test_rows_that_are_being_stopped_say_so_and_then_what_came_of_it(
    application: Application, control: Control
) -> None:
    control.change_settings(terminate_seconds=10)
    box = application.boxes.nth(2)
    workflow_id = box.get_attribute("data-workflow") or ""
    box.check()
    application.button("Terminate").click()
    application.button("Terminate 1 workflow").click()
    expect(application.inside.get_by_role("progressbar")).to_be_visible()

    application.link("Running workflows").click()

    row = application.inside.get_by_role("row").filter(
        has=application.inside.get_by_label(f"Select workflow {workflow_id}")
    )
    expect(row).to_contain_text("stopping…")
    expect(application.inside.get_by_label(f"Select workflow {workflow_id}")).to_be_disabled()
    await_still(application.tab, row)
    place = row.bounding_box()
    expect(row).to_contain_text("terminated", timeout=60_000)
    assert row.bounding_box() == place
    control.change_settings(terminate_seconds=0)


def test_of_everything_some_can_be_taken_out(application: Application, control: Control) -> None:
    application.boxes.nth(0).check()
    application.inside.get_by_role("button", name="Select all").click()
    expect(application.inside.locator("[data-selection-count]")).to_contain_text(" selected as of ")
    # Which rows belong to it is told by an answer of its own.
    expect(application.inside.locator('input[name="selected"]:not(:checked)')).to_have_count(0)
    running = [one for one in control.workflows().values() if one["in_list"]]

    application.boxes.nth(3).uncheck()
    application.boxes.nth(4).uncheck()
    application.boxes.nth(4).check()
    application.button("Terminate").click()

    expect(application.button(f"Terminate {len(running) - 1} workflows")).to_be_visible()


def test_a_message_with_placeholders_is_shown_as_it_will_read(application: Application) -> None:
    for place in range(4):
        application.boxes.nth(place).check()
    application.button("Terminate").click()
    message = application.dialog.get_by_label("Status message")
    preview = application.dialog.locator("#termination-preview")

    message.fill("{template} by {user}")

    expect(preview.get_by_role("listitem")).to_have_count(3)
    expect(preview.get_by_role("listitem").first).to_contain_text(" by Anna Berg")
    message.fill("{template} by {name}")
    expect(preview).to_contain_text("There is no placeholder {name}.")
    message.fill("Stopped")
    expect(preview).to_be_empty()
    expect(application.button("Terminate 4 workflows")).to_be_enabled()


def test_when_not_everything_could_be_read_it_is_asked_for_again(
    application: Application, control: Control
) -> None:
    application.boxes.nth(0).check()
    # Several times, so that it is said for long enough to be seen.
    control.add_fault("limit", times=3)

    application.inside.get_by_role("button", name="Select all").click()

    chosen = application.inside.locator("[data-selection-count]")
    expect(application.inside.get_by_text("it is asked again")).to_be_visible()
    expect(chosen).to_have_text("1 selected")
    expect(chosen).to_contain_text(" selected as of ", timeout=60_000)


def test_the_dialog_shows_what_was_chosen_counts_and_gives_the_focus_back(application: Application) -> None:
    application.boxes.nth(0).check()
    application.boxes.nth(1).check()
    application.button("Terminate").click()
    message = application.dialog.get_by_label("Status message")
    expect(message).to_be_focused()

    message.fill("Stopped 🚀é")

    expect(application.dialog.locator("[data-counter]")).to_have_text("10 / 255")
    expect(application.dialog.get_by_text("emoji")).to_be_visible()
    expect(application.button("Terminate 2 workflows")).to_be_visible()
    application.tab.keyboard.press("Escape")
    expect(application.dialog).to_have_count(0)
    expect(application.button("Terminate")).to_be_focused()


def test_a_message_that_cannot_be_sent_comes_back_with_the_reason(application: Application) -> None:
    application.boxes.nth(0).check()
    application.button("Terminate").click()
    application.dialog.get_by_label("Status message").fill("0")

    application.button("Terminate 1 workflow").click()

    expect(application.dialog.locator('[aria-invalid="true"]')).to_have_value("0")
    expect(application.button("Terminate 1 workflow")).to_be_enabled()
    application.errors.clear()  # the refused form


def test_a_double_click_makes_one_job_and_the_selection_has_served(
    application: Application, control: Control
) -> None:
    box = application.boxes.nth(0)
    workflow_id = box.get_attribute("data-workflow") or ""
    box.check()
    application.button("Terminate").click()
    application.dialog.get_by_label("Status message").fill("Stopped by a double click")

    application.button("Terminate 1 workflow").dblclick()

    # The job may have ended by now.
    heading = re.compile(r"^(Stopping|Job of) 1 workflow$")
    expect(application.inside.get_by_role("heading", name=heading)).to_be_visible()
    expect(application.dialog).to_have_count(0)
    assert len(application.requests_for("/terminations/")) == 2  # the dialog and its one confirmation
    expect(application.link("Jobs")).to_have_attribute("aria-current", "page")
    application.link("Running workflows").click()
    expect(application.inside.get_by_role("table")).to_be_visible()
    expect(application.button("Terminate")).to_be_hidden()
    assert workflow_id in control.workflows([workflow_id])


def test_the_bar_stays_in_sight_in_a_frame_as_high_as_its_content(application: Application) -> None:
    tab = application.tab
    application.boxes.nth(0).check()
    frame_height = tab.locator("iframe").first.evaluate("frame => frame.getBoundingClientRect().height")
    assert frame_height > 2 * tab.evaluate("innerHeight")

    tab.mouse.move(700, 500)
    tab.mouse.wheel(0, 1000)

    button = application.button("Terminate")
    expect(button).to_be_in_viewport(ratio=1)
    await_still(tab, button)
    button.click()
    expect(application.dialog).to_be_in_viewport(ratio=1)


def test_everything_is_not_chosen_behind_a_clear(application: Application) -> None:
    held: list[Route] = []
    begun = re.compile(r"/workflows/snapshots/(\?|$)")
    application.tab.route(begun, lambda route: held.append(route))
    application.boxes.nth(0).check()
    with application.tab.expect_request(begun):
        application.inside.get_by_role("button", name="Select all").click()
    expect(application.inside.locator("[data-selection-count]")).to_have_text("Reading the list…")
    application.button("Clear").click()

    with application.tab.expect_response(begun):
        held[0].continue_()

    expect(application.button("Terminate")).to_be_hidden()
    expect(application.inside.locator("[data-snapshot-state]")).to_have_count(0)
    expect(application.inside.locator('input[name="selected"]:checked')).to_have_count(0)


def test_what_was_chosen_with_another_filter_says_so(application: Application) -> None:
    application.boxes.nth(0).check()
    # What of a page belongs to everything is asked for again where nothing was heard.
    application.tab.route("**/members/", lambda route: route.abort("connectionfailed"), times=1)
    application.inside.get_by_role("button", name="Select all").click()
    chosen = application.inside.locator("[data-selection-count]")
    expect(chosen).to_contain_text(" selected as of ")
    expect(application.inside.locator('input[name="selected"]:not(:checked)')).to_have_count(0)
    expect(chosen).not_to_contain_text("another filter")

    application.inside.locator("#overview").get_by_role("link", name="Deals").click()

    expect(application.inside.get_by_role("list", name="Filter")).to_be_visible()
    expect(chosen).to_contain_text("with another filter")
    application.inside.get_by_role("link", name="Clear the whole filter").click()
    expect(application.inside.get_by_role("list", name="Filter")).to_have_count(0)
    expect(chosen).not_to_contain_text("another filter")
    application.errors.clear()  # the connection that failed


def test_while_a_job_is_being_made_the_button_says_so(application: Application) -> None:
    held: list[Route] = []
    application.tab.route("**/terminations/", lambda route: held.append(route))
    application.boxes.nth(0).check()
    application.button("Terminate").click()
    with application.tab.expect_request("**/terminations/"):
        application.button("Terminate 1 workflow").click()

    busy = application.dialog.get_by_role("button", name="Queueing…")
    expect(busy).to_be_visible()
    expect(application.dialog.locator("form")).to_have_attribute("aria-busy", "true")
    busy.dispatch_event("click")
    assert len(held) == 1
    held[0].fulfill(status=503, body="a proxy's page")

    expect(application.button("Terminate 1 workflow")).to_be_visible()
    expect(application.dialog.locator("form")).not_to_have_attribute("aria-busy", "true")
    application.errors.clear()  # the refusal


def test_all_of_a_page_leaves_protected_templates_alone(application: Application) -> None:
    application.link("Settings").click()
    application.inside.get_by_text("Protect a template").click()
    application.inside.locator("#template-choices button").first.click()
    unprotect = application.inside.get_by_role("button", name="End the protection")
    expect(unprotect).to_be_visible()
    application.link("Running workflows").click()
    guarded = application.inside.locator('input[name="selected"][data-protected]')
    expect(guarded.first).to_be_visible()

    application.inside.get_by_label("Select all on this page").check()

    expect(
        application.inside.locator('input[name="selected"]:checked:not([data-protected])')
    ).not_to_have_count(0)
    expect(application.inside.locator('input[name="selected"]:checked[data-protected]')).to_have_count(0)
    guarded.first.check()
    application.button("Terminate").click()
    expect(application.dialog.get_by_role("checkbox", name="Yes, terminate 1 of")).to_be_visible()
    application.tab.keyboard.press("Escape")
    application.link("Settings").click()
    unprotect.click()
    expect(unprotect).to_have_count(0)
