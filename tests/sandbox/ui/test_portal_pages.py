"""The portal's own pages: the record of workflows, cards behind links, signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import expect

from tests.sandbox.ui.conftest import open_frame

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.sandbox.ui.conftest import Portal

pytestmark = pytest.mark.story

WITHOUT_NAME = """
() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a, iframe')]
  .filter((one) => !one.labels?.length && !one.textContent.trim() && !one.title && !one.ariaLabel)
  .map((one) => one.outerHTML)
"""


def terminate(portal: Portal, workflow_id: str, text: str) -> None:
    """Stop a workflow by REST with the token that the last launch form brought."""
    form = portal.application.launches[-1].form
    asked = {"ID": workflow_id, "STATUS": text, "auth": form["AUTH_ID"]}
    answer = requests.post(f"{portal.origin}/rest/bizproc.workflow.terminate", json=asked, timeout=10)
    assert answer.json()["result"] is True


def test_start_leads_to_the_application_and_to_the_record(page: Page, portal: Portal) -> None:
    page.goto(portal.page("/"))

    page.get_by_role("main").get_by_role("link", name="Workflows").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Workflows")
    page.get_by_role("navigation", name="Portal").get_by_role("link").nth(1).click()
    expect(page.frame_locator("#app-frame").locator("#frame")).to_have_text("ready")


def test_the_record_turns_its_pages(page: Page, portal: Portal) -> None:
    page.goto(portal.page("/ui/workflows"))
    table = page.get_by_role("table")
    expect(table.locator("tbody tr")).to_have_count(50)
    first = table.locator("tbody tr th").first.inner_text()

    page.get_by_role("link", name="Next").click()

    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("Page 2 of")
    expect(table.locator("tbody tr th").first).not_to_have_text(first)
    expect(table).to_contain_text("51–100 of")


def test_a_terminated_workflow_shows_its_text_and_who_stopped_it(page: Page, portal: Portal) -> None:
    page.goto(portal.page("/ui/workflows?state=running"))
    workflow_id = page.get_by_role("table").locator("tbody tr th").first.inner_text()
    open_frame(page, portal)
    terminate(portal, workflow_id, "Stopped: <b>replaced</b>")

    page.goto(portal.page(f"/ui/workflows?state=terminated&q={workflow_id}"))

    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(workflow_id)
    expect(rows).to_contain_text("Stopped: <b>replaced</b>")
    expect(rows.locator("td").last).to_contain_text("Anna")
    page.goto(portal.page("/ui/workflows?state=running"))
    expect(page.get_by_role("table")).not_to_contain_text(workflow_id)


def test_one_workflow_is_found_by_its_id(page: Page, portal: Portal) -> None:
    page.goto(portal.page("/ui/workflows"))
    workflow_id = page.get_by_role("table").locator("tbody tr th").nth(7).inner_text()

    page.get_by_label("Workflow ID").fill(f" {workflow_id} ")
    page.get_by_role("button", name="Find").click()

    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(1)
    page.get_by_label("Workflow ID").fill("no such workflow")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("main")).to_contain_text("No workflow matches.")


def test_the_link_of_a_document_leads_to_its_card(page: Page, portal: Portal) -> None:
    page.goto(portal.page("/ui/workflows"))
    link = page.get_by_role("table").locator("tbody td a").first
    name = link.inner_text()

    link.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("heading", level=2, name="Workflows")).to_be_visible()


def test_every_person_of_the_chooser_has_a_card(page: Page, portal: Portal) -> None:
    page.goto(portal.page("/"))
    options = page.get_by_label("Signed in as").locator("option")
    numbers = [option.get_attribute("value") for option in options.all()]
    roles = [option.inner_text().partition("(")[2].rstrip(")") for option in options.all()]
    assert roles == [
        "administrator",
        "second administrator",
        "may install, no administrator",
        "ordinary employee",
    ]

    for number in numbers:
        page.goto(portal.page(f"/company/personal/user/{number}/"))
        expect(page.get_by_role("main")).to_contain_text("active")


def test_pages_have_a_heading_and_names_for_everything(page: Page, portal: Portal) -> None:
    for path in ("/", "/ui/app", "/ui/workflows", "/company/personal/user/1/", "/crm/deal/details/1/"):
        page.goto(portal.page(path))
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert page.evaluate(WITHOUT_NAME) == [], path


def test_signing_in_again_goes_back_to_the_page(page: Page, portal: Portal) -> None:
    page.goto(portal.page("/ui/workflows?state=hung"))
    page.get_by_role("button", name="End the portal session").click()
    expect(page.get_by_role("status")).to_have_text("The portal session has ended.")
    page.reload()

    page.get_by_role("button", name="second administrator").click()

    assert page.url == portal.page("/ui/workflows?state=hung")
    expect(page.get_by_label("Signed in as").locator("option:checked")).to_contain_text(
        "second administrator"
    )
