"""Who meets the installer, who the portal's own error, and what ``installFinish`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.sandbox.ui.conftest import open_frame
from tests.sandbox.ui.test_frame import switch_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.sandbox.ui.conftest import Portal

pytestmark = pytest.mark.story


def test_the_installer_finishes_and_the_application_opens(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    assert portal.application.launches[-1].path == "/install/"

    frame.press("installFinish")

    page.wait_for_url("**/ui/app?install_finished=Y")
    frame.ready()
    launch = portal.application.launches[-1]
    assert launch.path == "/app/"
    assert '"install_finished": "Y"' in launch.form["PLACEMENT_OPTIONS"]
    assert launch.form["APPLICATION_TOKEN"]
    assert frame.does("installFinish") == "failed: JSSDK_FRAME_INSTALL_ALREADY_FINISHED"


def test_an_ordinary_employee_sees_the_portals_own_error(page: Page, portal: Portal) -> None:
    open_frame(page, portal)
    launches = len(portal.application.launches)

    switch_user(page, "ordinary employee")

    expect(page.get_by_role("alert")).to_contain_text("installation of this application is not finished")
    assert len(portal.application.launches) == launches


def test_one_who_may_install_meets_the_installer_and_counts_as_administrator(
    page: Page, portal: Portal
) -> None:
    open_frame(page, portal)
    switch_user(page, "may install, no administrator")
    frame = open_frame(page, portal)

    data = frame.does("data")

    assert portal.application.launches[-1].path == "/install/"
    assert isinstance(data, dict)
    assert (data["admin"], data["install"]) == (True, True)


def test_everyone_meets_the_application_once_it_is_installed(page: Page, portal: Portal) -> None:
    frame = open_frame(page, portal)
    frame.press("installFinish")
    page.wait_for_url("**install_finished=Y**")

    switch_user(page, "ordinary employee")
    data = frame.ready().does("data")

    assert portal.application.launches[-1].path == "/app/"
    assert isinstance(data, dict)
    assert (data["admin"], data["install"]) == (False, False)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"rest_available": False}, "not available on your plan"),
        ({"payment_expired": True}, "subscription has ended"),
    ],
)
def test_the_portal_refuses_where_the_plan_does_not_allow_it(
    page: Page, portal: Portal, setting: dict[str, bool], words: str
) -> None:
    portal.sandbox.set(**setting)

    page.goto(portal.page("/ui/app"))

    expect(page.get_by_role("alert")).to_contain_text(words)
    assert portal.application.launches == []


def test_a_removed_application_is_not_found(page: Page, portal: Portal) -> None:
    portal.sandbox.of_portal("POST", "uninstall")

    page.goto(portal.page("/ui/app"))

    expect(page.get_by_role("alert")).to_contain_text("was not found")


def test_a_moved_portal_sends_the_browser_to_its_new_domain(page: Page, portal: Portal) -> None:
    portal.sandbox.set(moved=True)
    domain = portal.sandbox.of_portal("GET", "")["domain"]

    frame = open_frame(page, portal)

    assert page.url == f"http://{domain}/ui/app"
    assert portal.origin != f"http://{domain}"
    assert portal.application.launches[-1].query["DOMAIN"] == domain
    assert frame.does("setTitle") == {"title": "Title from the frame"}
