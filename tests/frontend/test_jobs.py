"""Jobs in the portal's frame: seen while they run, steered in the list, taken along when they have ended.

The tests of this module go on where the one before ended.
"""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.frontend.visit import stop_clock

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Route

    from tests.control import Control
    from tests.frontend.conftest import Application

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


def terminate(application: Application, count: int, message: str) -> None:
    for place in range(count):
        application.boxes.nth(place).check()
    application.button("Terminate").click()
    application.dialog.get_by_label("Status message").fill(message)
    application.button(f"Terminate {count} workflows").click()


def badge(application: Application) -> Locator:
    return application.inside.locator("#jobs-badge")


def test_a_job_is_watched_held_and_let_go_in_the_list(application: Application, control: Control) -> None:
    # One request at a time, so that there is something to be held.
    control.change_settings(terminate_seconds=1.0, max_parallel=1)
    expect(badge(application)).to_be_empty()
    terminate(application, 40, "Stopped: template replaced")

    expect(application.inside.get_by_role("progressbar", name="Progress")).to_be_visible()
    expect(badge(application)).to_have_text("1")
    application.link("Jobs").click()
    row = application.inside.get_by_role("row").filter(has_text="40 workflows")
    expect(row.get_by_role("progressbar")).to_be_visible()
    expect(row).to_contain_text("Anna Berg")

    row.get_by_role("button", name="Pause job").click()
    expect(row).to_contain_text("paused")
    expect(application.inside.get_by_role("heading", level=1, name="Jobs")).to_be_visible()
    go_on = row.get_by_role("button", name="Go on with job")
    # It is drawn anew every two seconds, and who has the keyboard keeps it.
    go_on.focus()
    go_on.evaluate("button => { button.dataset.first = 'yes'; }")
    expect(row.locator("[data-first]")).to_have_count(0)
    expect(go_on).to_be_focused()
    # What the person is selecting stays, and a page that nobody sees asks for nothing.
    # Both in one step: between two the row may be drawn anew.
    row.evaluate(
        """row => {
          row.querySelector("button").dataset.first = "yes";
          getSelection().selectAllChildren(row.querySelector("q"));
        }"""
    )
    with application.tab.expect_response(lambda answer: "/jobs/?page=1" in answer.url):
        pass
    expect(row.locator("[data-first]")).to_have_count(1)
    row.evaluate("() => Object.defineProperty(document, 'hidden', {configurable: true, get: () => true})")
    expect(application.inside.locator(".htmx-request")).to_have_count(0)
    asked = len(application.requests_for("/jobs/"))
    application.tab.clock.fast_forward(60_000)
    assert len(application.requests_for("/jobs/")) == asked
    row.evaluate("() => { delete document.hidden; getSelection().removeAllRanges(); }")
    expect(row.locator("[data-first]")).to_have_count(0)
    go_on.focus()
    application.tab.keyboard.press("Enter")

    control.change_settings(terminate_seconds=0.0, max_parallel=None)
    expect(row).to_contain_text("40 terminated, in", timeout=30_000)
    expect(badge(application)).to_be_empty()
    row.get_by_role("link").click()
    expect(application.inside.get_by_role("heading", level=1)).to_have_text("Job of 40 workflows")
    expect(application.inside.locator("#jobs")).to_have_count(0)
    expect(application.inside.locator(".htmx-request")).to_have_count(0)
    asked = len(application.requests_for("/jobs/"))
    application.tab.clock.fast_forward(60_000)
    assert len(application.requests_for("/jobs/")) == asked, "nothing is open, so nothing is asked"


def test_what_came_of_a_job_is_taken_along(application: Application, control: Control) -> None:
    (damaged,) = control.add_workflows(1, behaviour="corrupt", age_seconds=1)
    application.link("Refresh").click()
    application.inside.get_by_role("checkbox", name=f"Select workflow {damaged}").check()
    other = application.inside.locator('input[name="selected"]:not(:checked)').first
    other_id = str(other.get_attribute("data-workflow"))
    other.check()
    application.button("Terminate").click()
    application.dialog.get_by_label("Status message").fill("=Taken along")
    application.button("Terminate 2 workflows").click()
    summary = application.inside.locator("#job-summary")
    expect(summary).to_contain_text("1 terminated, 1 failed, in", timeout=60_000)
    expect(application.inside.get_by_role("heading", name="Why some failed, and what to do")).to_be_visible()

    # "Copied" stands there for some seconds only.
    stop_clock(application.tab)
    application.button("Copy summary").click()
    expect(application.button("Copied")).to_be_focused()
    application.tab.clock.resume()
    expect(application.inside.locator(".copy-field")).to_have_count(0)
    application.button("Retry failed").click()
    message = application.dialog.get_by_label("Status message")
    message.fill("")
    application.tab.keyboard.press("Control+V")
    expect(message).to_have_value(summary.inner_text())
    application.tab.keyboard.press("Escape")

    with application.tab.expect_download() as started:
        application.link("Download CSV").click()
    assert started.value.suggested_filename.startswith("flowstop-job-")
    content = Path(started.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = {row[0]: row for row in csv.reader(StringIO(content.decode("utf-8-sig"), newline=""))}
    assert set(rows) == {"Workflow ID", damaged, other_id}
    assert rows[other_id][8] == "'=Taken along"
    (asked,) = application.requests_for("/csv/")
    assert asked.headers["authorization"].startswith("Bearer ")
    assert "cookie" not in asked.headers


def test_where_nothing_may_be_copied_the_text_is_selected(application: Application) -> None:
    application.link("Jobs").click()
    application.inside.get_by_role("link", name="2 workflows").first.click()
    summary = application.inside.locator("#job-summary")
    expect(summary).to_be_visible()
    summary.evaluate("() => { document.execCommand = () => false; }")

    application.button("Copy summary").click()

    field = application.inside.get_by_role("textbox", name="Copy summary")
    expect(field).to_be_focused()
    selected = field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert selected == summary.inner_text()


def test_a_file_that_does_not_come_is_asked_for_again(application: Application) -> None:
    application.link("Jobs").click()
    application.inside.get_by_role("link", name="2 workflows").first.click()
    application.tab.route("**/csv/", lambda route: route.abort(), times=1)

    application.link("Download CSV").click()
    notice = application.inside.get_by_role("alert").get_by_text("could not be downloaded")
    expect(notice).to_be_visible()
    with application.tab.expect_download():
        application.inside.get_by_role("alert").get_by_role("button", name="Try again").click()

    expect(notice).to_have_count(0)
    application.errors.clear()  # the request that was cut


def test_a_session_that_is_over_is_renewed_for_a_file(application: Application) -> None:
    def forget_session(route: Route) -> None:
        route.continue_(headers={**route.request.headers, "authorization": "Bearer unknown"})

    application.link("Jobs").click()
    application.inside.get_by_role("link", name="2 workflows").first.click()
    application.tab.route("**/csv/", forget_session, times=1)

    with application.tab.expect_download():
        application.link("Download CSV").click()

    assert len(application.requests_for("/session/renew/")) == 1
    assert len(application.requests_for("/csv/")) == 2
    application.errors.clear()  # the refused request
