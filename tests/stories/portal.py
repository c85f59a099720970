"""The portal as a person sees it in a browser, with the application in its frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.control import Control
from tests.fit import await_fit

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Locator, Page, Response, Route

    from deploy.stack import Stack

# An administrator, a second one, one who may install without being one, and an ordinary employee.
ANNA, BORIS, CARLA, DMITRI = 1, 2, 3, 4


class Portal:
    """A tab with the portal of a stack."""

    def __init__(self, page: Page, stack: Stack, errors: list[str]) -> None:
        self.page = page
        self.errors = errors
        self.control = Control(stack)
        # Every answer that the tab received, the frame's too.
        self.answers: list[Response] = []
        self.application_pages: list[bytes] = []
        self._unread = 0
        page.on("response", self._keep)
        # The portal goes on as soon as the installer's page is there, and takes it away.
        page.route("**/ui/frame/installed*", self._end_installation)
        self._origin = stack.portal_url
        self._stack = stack

    @property
    def frame(self) -> FrameLocator:
        """The application inside the portal's frame."""
        return self.page.frame_locator("#app-frame")

    def application_answers(self) -> list[Response]:
        """What the application answered, without static files."""
        return [answer for answer in self.answers if self._is_page_of_application(answer)]

    def _is_page_of_application(self, answer: Response) -> bool:
        return answer.url.startswith(self._stack.app_url) and "/static/" not in answer.url

    def _keep(self, answer: Response) -> None:
        self.answers.append(answer)
        # Read at once: the browser drops what it received when the frame goes on.
        if self._is_page_of_application(answer) and not 300 <= answer.status < 400:
            self._unread += 1
            try:
                self.application_pages.append(answer.body())
            finally:
                self._unread -= 1

    def _await_bodies(self) -> None:
        while self._unread:
            self.page.wait_for_timeout(20)

    def _end_installation(self, route: Route) -> None:
        self._await_bodies()
        route.continue_()

    def leave(self) -> None:
        """Close the tab; what it still receives by then is not read any more."""
        self._await_bodies()
        self.page.remove_listener("response", self._keep)
        self.page.close()

    def go(self, path: str) -> None:
        """Open a page of the portal."""
        self._await_bodies()
        self.page.goto(f"{self._origin}{path}")

    def sign_in(self, user_id: int) -> None:
        self.go("/")
        self.page.get_by_label("Signed in as").select_option(str(user_id))
        self.page.get_by_role("button", name="Switch user").click()
        expect(self.page.get_by_label("Signed in as")).to_have_value(str(user_id))

    def open_application(self) -> None:
        self.go("/ui/app")

    def expect_heading(self, name: str) -> None:
        """Wait until the application shows this heading."""
        expect(self.frame.get_by_role("heading", level=1, name=name)).to_be_visible()

    def expect_refusal(self, reason: str) -> Locator:
        """Wait until the application refuses; its status makes the one error message that is no error."""
        refusal = self.frame.locator(f"[data-refusal={reason}]")
        expect(refusal).to_be_visible()
        [message] = self.errors
        assert "status of 403" in message
        self.errors.clear()
        return refusal

    def refresh(self) -> None:
        """Have the list anew, and wait until it is there."""
        self.frame.get_by_role("link", name="Refresh").click()
        expect(self.frame.locator("#content")).not_to_have_attribute("aria-busy", "true")

    def tick_boxes(self) -> Locator:
        """The boxes of the list of running workflows."""
        return self.frame.get_by_role("checkbox", name="Select workflow")

    def ordinary_workflows(self, count: int) -> list[str]:
        """IDs from the page that is shown, of workflows that stop like any other."""
        expect(self.tick_boxes().first).to_be_visible()
        await_fit(self.page, self._stack)
        record = self.control.workflows()
        shown = [str(box.get_attribute("data-workflow")) for box in self.tick_boxes().all()]
        return [one for one in shown if record[one]["behaviour"] == "normal"][:count]

    def terminate(self, workflow_ids: list[str], message: str) -> None:
        """Tick workflows of the page that is shown, write the message, and confirm."""
        for workflow_id in workflow_ids:
            self.frame.get_by_role("checkbox", name=f"Select workflow {workflow_id}").check()
        self.frame.get_by_role("button", name="Terminate", exact=True).click()
        dialog = self.frame.get_by_role("dialog")
        dialog.get_by_label("Status message").fill(message)
        dialog.get_by_role("button", name=f"Terminate {len(workflow_ids)} workflows").click()

    def expect_job_done(self) -> None:
        expect(self.frame.locator("[data-job-done=true]")).to_be_visible(timeout=30_000)

    def audit_lines(self, workflow_id: str) -> Locator:
        """The lines of the audit log that is shown about one workflow."""
        return self.frame.get_by_role("row").filter(has_text=workflow_id)

    def status_text(self, workflow_id: str) -> str:
        """What the portal's own page tells of a workflow that has ended."""
        self.go(f"/ui/workflows?q={workflow_id}")
        return self.page.get_by_role("row").filter(has_text=workflow_id).locator(".status-text").inner_text()
