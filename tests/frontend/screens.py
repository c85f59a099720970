"""Every page, state and dialog of the front end, and how one gets there. Another one is one line more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Frame, FrameLocator, Locator, Page

    from deploy.stack import Stack
    from tests.control import Control

ADMINISTRATOR, ORDINARY = 1, 4


@dataclass(slots=True)
class Visit:
    """A tab in which one screen after the other is shown."""

    tab: Page
    stack: Stack
    control: Control
    faults: list[int] = field(default_factory=list)

    @property
    def inside(self) -> FrameLocator:
        return self.tab.frame_locator("#app-frame")

    @property
    def framed(self) -> Frame:
        """The application's document in the portal's page."""
        return next(frame for frame in self.tab.frames if frame.url.startswith(self.stack.app_url))

    def boxes(self) -> Locator:
        return self.inside.locator('input[name="selected"]:enabled')

    def fault(self, kind: str, **options: Any) -> None:
        """Let the portal fail until the screen has been looked at."""
        self.faults.append(self.control.add_fault(kind, **options))

    def open(self) -> Visit:
        """The portal's page with the application as the portal opens it."""
        self.tab.goto(f"{self.stack.portal_url}/ui/app")
        return self

    def list(self) -> Visit:
        """The list of what runs, as it opens."""
        self.open()
        expect(self.boxes().first).to_be_visible()
        self.settle()
        return self

    def click(self, role: Any, name: str) -> Visit:
        self.inside.get_by_role(role, name=name, exact=True).click()
        return self

    def page(self, link: str) -> Frame:
        """The page behind one of the four links."""
        self.list().click("link", link)
        self.sees(self.inside.get_by_role("heading", level=1, name=link))
        return self.settle()

    def sees(self, place: Locator, *, within_seconds: float = 20) -> Frame:
        """Wait until it is there, and return the document to be looked at."""
        expect(place).to_be_visible(timeout=within_seconds * 1000)
        return self.framed

    def settle(self) -> Frame:
        """Wait until everything that the page asked for by itself is there."""
        expect(self.inside.locator('#content[aria-busy="true"], .htmx-request')).to_have_count(0)
        return self.framed

    def ticked(self, count: int) -> Visit:
        self.list()
        for place in range(count):
            self.boxes().nth(place).check()
        return self

    def dialog(self, count: int = 2) -> Locator:
        self.ticked(count).click("button", "Terminate")
        dialog = self.inside.get_by_role("dialog")
        expect(dialog).to_be_visible()
        return dialog

    def job(self, *, ended: bool, workflows: int = 2) -> Frame:
        dialog = self.dialog(workflows)
        dialog.get_by_label("Status message").fill("Stopped: <template> replaced")
        dialog.get_by_role("button", name=f"Terminate {workflows} workflows").click()
        done = "true" if ended else "false"
        return self.sees(self.inside.locator(f"[data-job-done={done}]").first)

    def alone(self, path: str) -> Frame:
        """A page of the application in a window of its own, where nobody is signed in."""
        self.tab.goto(f"{self.stack.app_url}{path}")
        return self.tab.main_frame

    def posted(self, user_id: int, **options: Any) -> Frame:
        """What the application answers to the portal's form, in a window of its own."""
        form = self.control.launch_form(user_id, **options)
        self.tab.goto("about:blank")
        with self.tab.expect_navigation():
            self.tab.evaluate(
                """({ url, fields }) => {
                  const form = document.createElement("form");
                  Object.assign(form, { method: "post", action: url });
                  for (const [name, value] of Object.entries(fields)) {
                    const field = document.createElement("input");
                    Object.assign(field, { type: "hidden", name, value });
                    form.append(field);
                  }
                  document.body.append(form);
                  form.submit();
                }""",
                form,
            )
        return self.tab.main_frame


def _running_job(visit: Visit) -> Frame:
    visit.control.change_settings(terminate_seconds=5.0)
    return visit.job(ended=False)


def _failed_job(visit: Visit) -> Frame:
    visit.control.change_settings(terminate_seconds=0.0)
    (damaged,) = visit.control.add_workflows(1, behaviour="corrupt", age_seconds=1)
    visit.list()
    visit.inside.get_by_role("checkbox", name=f"Select workflow {damaged}").check()
    visit.click("button", "Terminate")
    visit.inside.get_by_role("button", name="Terminate 1 workflow").click()
    # It is tried twice more, later.
    return visit.sees(visit.inside.locator("[data-job-done=true]").first, within_seconds=60)


def _slow_portal(visit: Visit) -> Frame:
    visit.list().fault("slow", seconds=8, times=1)
    visit.click("link", "Refresh")
    return visit.sees(visit.inside.locator(".waiting").get_by_role("button", name="Cancel"))


def _failing_portal(visit: Visit, kind: str, **options: Any) -> Frame:
    visit.list().fault(kind, **options)
    visit.click("link", "Refresh")
    return visit.sees(visit.inside.locator(".empty"))


def _empty(visit: Visit) -> Frame:
    for workflow_id, told in visit.control.workflows().items():
        if told["ended_how"] is None:
            visit.control.end_workflow(workflow_id)
    visit.open()
    return visit.sees(visit.inside.get_by_role("heading", name="Nothing is running"))


SCREENS: dict[str, Callable[[Visit], Frame]] = {
    "the list": lambda visit: visit.list().framed,
    "something ticked": lambda visit: visit.ticked(3).framed,
    "the dialog": lambda visit: visit.sees(visit.dialog()),
    "no job yet": lambda visit: visit.page("Jobs"),
    "the settings": lambda visit: visit.page("Settings"),
    "a job that runs": _running_job,
    "a job that has ended": lambda visit: visit.job(ended=True),
    "a job with a failure": _failed_job,
    "the jobs": lambda visit: visit.page("Jobs"),
    "the audit log": lambda visit: visit.page("Audit log"),
    "a portal that is slow": _slow_portal,
    "a portal that is down": lambda visit: _failing_portal(visit, "http502", times=4),
    "a portal at its limit": lambda visit: _failing_portal(visit, "limit", times=4),
    "a portal without workflows in its plan": lambda visit: _failing_portal(
        visit, "error", code="ERROR_METHOD_NOT_FOUND", status=404, times=4
    ),
    "no administrator": lambda visit: visit.posted(ORDINARY),
    "the installer's last page": lambda visit: visit.posted(ADMINISTRATOR, installer=True),
    "outside the portal": lambda visit: visit.alone("/"),
    "the sign-in page": lambda visit: visit.alone("/workflows/"),
    "no such page": lambda visit: visit.alone("/nothing/"),
    # The last ones: nothing is left in the portal.
    "an empty list": _empty,
}
