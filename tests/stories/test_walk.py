"""The main job end to end, as people do it: install, open, select, terminate, watch, read what happened.

Portal (``localhost``) and application (``127.0.0.1``) are different sites, third-party cookies are blocked.
The tests of this module go on where the one before ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.stories.portal import ANNA, BORIS, CARLA, DMITRI, Portal

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from deploy.stack import Stack

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

MESSAGES = {ANNA: "Stopped: the template was replaced", BORIS: "Остановлено: «дубликаты» & <опечатки>"}
NAMES = {ANNA: "Anna Berg", BORIS: "Boris Ivanov"}


def test_one_who_may_not_administer_cannot_finish_the_installation(portal: Portal) -> None:
    portal.sign_in(CARLA)
    portal.open_application()

    portal.expect_refusal("installer_not_administrator")
    assert portal.control.state()["portals"][0]["applications"][0]["installed"] is False


def test_an_administrator_installs(portal: Portal) -> None:
    portal.sign_in(ANNA)
    portal.open_application()

    portal.expect_heading("Running workflows")
    expect(portal.tick_boxes()).to_have_count(50)
    assert portal.control.state()["portals"][0]["applications"][0]["installed"] is True


@pytest.mark.parametrize("user_id", [ANNA, BORIS], ids=["first administrator", "second administrator"])
def test_an_administrator_terminates_three(portal: Portal, user_id: int) -> None:
    message = MESSAGES[user_id]
    portal.sign_in(user_id)
    portal.open_application()
    portal.expect_heading("Running workflows")
    chosen = portal.ordinary_workflows(3)
    before = portal.control.workflows()

    portal.terminate(chosen, message)
    portal.expect_job_done()
    expect(portal.frame.locator("#count-terminated")).to_contain_text("3")

    portal.frame.get_by_role("link", name="Audit log").click()
    portal.expect_heading("Audit log")
    for workflow_id in chosen:
        line = portal.audit_lines(workflow_id)
        expect(line).to_have_count(1)
        expect(line).to_contain_text(message)
        expect(line).to_contain_text(NAMES[user_id])
        expect(line).to_contain_text("terminated")

    after = portal.control.workflows()
    for workflow_id in chosen:
        assert portal.status_text(workflow_id) == message
        assert after[workflow_id]["ended_by"] == user_id
    touched = {one for one in after if after[one]["terminate_calls"] != before[one]["terminate_calls"]}
    assert touched == set(chosen)


def test_the_list_no_longer_shows_what_was_stopped(portal: Portal) -> None:
    portal.open_application()
    portal.expect_heading("Running workflows")
    # The title is there before the list.
    expect(portal.tick_boxes()).to_have_count(50)

    stopped = {one for one, told in portal.control.workflows().items() if told["ended_how"] == "terminate"}
    shown = {box.get_attribute("data-workflow") for box in portal.tick_boxes().all()}

    assert len(stopped) == 6
    assert stopped & shown == set()


def test_an_ordinary_employee_is_refused_and_learns_nothing(portal: Portal) -> None:
    portal.sign_in(DMITRI)
    portal.open_application()

    refusal = portal.expect_refusal("not_administrator")
    expect(refusal).to_contain_text("administrator", ignore_case=True)

    pages = [page.decode() for page in portal.application_pages]
    assert pages
    record = portal.control.workflows().values()
    secrets = {told["id"] for told in record} | {told["template_name"] for told in record} - {""}
    assert [secret for secret in secrets for page in pages if secret in page] == []
    assert [page for page in pages if "flowstop-session" in page] == []


def test_no_cookie_was_needed_or_set_in_the_frame(
    portal: Portal, chromium: BrowserContext, stack: Stack
) -> None:
    portal.open_application()
    portal.expect_heading("Running workflows")
    portal.terminate(portal.ordinary_workflows(2), "Without a cookie")
    portal.expect_job_done()

    answers = portal.application_answers()
    assert answers
    assert [answer.url for answer in answers if "set-cookie" in answer.all_headers()] == []
    assert chromium.cookies([stack.app_url]) == []
