"""The figures on top of the list: they come after it and move nothing, filter it, and fail quietly."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.frontend.visit import Visit, stop_clock

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from deploy.stack import Stack
    from tests.control import Control
    from tests.frontend.conftest import Application

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


def overview(application: Application) -> Locator:
    return application.inside.get_by_role("region", name="Overview")


def figure(application: Application, label: str) -> Locator:
    return overview(application).get_by_role("link").filter(has_text=label)


def top_of_table(application: Application) -> float:
    box = application.inside.get_by_role("table").bounding_box()
    assert box
    return box["y"]


def test_a_figure_filters_the_list_and_takes_the_filter_back(application: Application) -> None:
    hung = figure(application, "hung")
    expect(hung).to_have_text(re.compile(r"^[1-9][0-9]* hung$"))
    expect(figure(application, "running")).to_have_attribute("aria-current", "true")
    count = int((hung.text_content() or "").split()[0])

    hung.click()

    expect(application.boxes).to_have_count(count)
    expect(application.inside.locator("table .badge--hung")).to_have_count(count)
    expect(figure(application, "hung")).to_have_attribute("aria-current", "true")
    expect(figure(application, "running")).not_to_have_attribute("aria-current", "true")
    figure(application, "hung").click()
    expect(application.boxes).to_have_count(50)
    expect(figure(application, "hung")).not_to_have_attribute("aria-current", "true")


def test_what_a_figure_says_is_what_its_list_has(application: Application) -> None:
    title = application.inside.get_by_role("heading", level=1)
    for label in ("automation rules", "Deals", "started by dismissed employees", "the oldest"):
        said = figure(application, label)
        count = (said.text_content() or "").split()[0]

        said.click()

        expect(figure(application, label)).to_have_attribute("aria-current", "true")
        if label == "the oldest":
            oldest = application.inside.get_by_role("columnheader", name="Started")
            expect(oldest).to_have_attribute("aria-sort", "ascending")
        else:
            expect(title).to_have_text(f"Running workflows {count}")


def test_the_figures_come_late_and_move_nothing(application: Application, control: Control) -> None:
    expect(figure(application, "hung")).to_be_visible()
    settled = top_of_table(application)
    # One more than a moment ago: so the portal is asked again. The first request is the list's own.
    control.add_workflows(1)
    control.add_fault("slow", seconds=15, skip=1, times=1)

    application.link("Refresh").click()

    expect(application.inside.locator(".figure--waiting")).to_have_count(4)
    expect(application.boxes).to_have_count(50)
    assert top_of_table(application) == settled
    expect(overview(application).get_by_text("still counting")).to_be_visible()
    assert top_of_table(application) == settled
    expect(figure(application, "hung")).to_be_visible(timeout=60_000)
    assert top_of_table(application) == settled


def test_a_portal_that_does_not_count_is_said_in_place(application: Application, control: Control) -> None:
    expect(figure(application, "hung")).to_be_visible()
    settled = top_of_table(application)
    control.add_workflows(1)
    control.add_fault("http500", skip=1, times=1)

    application.link("Refresh").click()

    sentence = overview(application).get_by_text("could not be asked how much runs")
    expect(sentence).to_be_visible()
    expect(application.boxes).to_have_count(50)
    assert top_of_table(application) == settled
    overview(application).get_by_role("button", name="Try again").click()
    expect(figure(application, "hung")).to_be_visible()
    expect(sentence).to_have_count(0)


def test_without_a_connection_the_list_is_none_the_worse(application: Application) -> None:
    expect(figure(application, "hung")).to_be_visible()
    application.tab.route("**/workflows/overview/**", lambda route: route.abort("connectionfailed"), times=1)

    application.link("Refresh").click()

    expect(overview(application).get_by_text("could not be asked how much runs")).to_be_visible()
    expect(application.boxes).to_have_count(50)
    expect(application.inside.locator("#notices")).to_be_empty()
    overview(application).get_by_role("button", name="Try again").click()
    expect(figure(application, "hung")).to_be_visible()
    application.errors.clear()  # the failed request


def test_what_runs_away_is_named_and_lists_just_that(
    application: Application, control: Control, stack: Stack
) -> None:
    Visit(application.tab, stack, control).let_counts_age(timedelta(days=1))
    template = next(one for one in control.portal()["templates"] if one["name"] == "Contract approval")
    added = control.add_workflows(31, template_id=template["id"])

    application.link("Refresh").click()

    grown = overview(application).get_by_role("list", name="What has grown")
    expect(grown.get_by_role("link")).to_have_text("+31 Contract approval")
    expect(overview(application).get_by_text(re.compile(r"^Since yesterday at \d\d:\d\d$"))).to_be_visible()
    grown.get_by_role("link").click()
    chips = application.inside.get_by_role("list", name="Filter")
    expect(chips).to_contain_text("Template: Contract approval")
    for workflow_id in added:
        control.end_workflow(workflow_id)


def test_while_rows_are_being_stopped_the_figures_count_down(
    application: Application, control: Control
) -> None:
    total = figure(application, "running")
    expect(total).to_be_visible()
    count = int((total.text_content() or "").split()[0])
    # A clock that flows would let a slow machine ask twice.
    stop_clock(application.tab)
    application.boxes.nth(0).evaluate("box => { box.closest('tr').dataset.mark = 'stopping'; }")
    running = [one for one, told in control.workflows().items() if told["in_list"]]
    for workflow_id in running[:5]:
        control.end_workflow(workflow_id)
    asked = len(application.requests_for("/workflows/overview/"))

    # The server shows its last counts again for some seconds.
    application.tab.wait_for_timeout(5500)
    # The page looks every two seconds whether it is time, and it has been for long.
    application.tab.clock.run_for(2_000)

    expect(total).to_have_text(f"{count - 5} running")
    # Less than the pause before it asks again.
    application.tab.clock.run_for(8_000)
    assert len(application.requests_for("/workflows/overview/")) == asked + 1
