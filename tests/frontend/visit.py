"""A tab in which one screen of the application after the other is shown."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.database import change
from tests.fit import await_fit

if TYPE_CHECKING:
    from playwright.sync_api import Frame, FrameLocator, Locator, Page, Route

    from deploy.stack import Stack
    from tests.control import Control


ADMINISTRATOR = 1
# The page's clock goes on while it is being stopped, and cannot be set to the past.
_AHEAD_SECONDS = 10


def stop_clock(tab: Page) -> None:
    """Stop the page's clock, some seconds ahead: from now on its time passes only where the test lets it."""
    tab.clock.pause_at(tab.evaluate("Date.now()") / 1000 + _AHEAD_SECONDS)


@dataclass(slots=True)
class Visit:
    """One tab, the portal behind it, and what must be mended in the portal afterwards."""

    tab: Page
    stack: Stack
    control: Control
    mending: ExitStack = field(default_factory=ExitStack)

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
        self.mending.callback(self.control.remove_fault, self.control.add_fault(kind, **options))

    def lose_rights(self) -> None:
        """The person is no administrator any more, until the screen has been looked at."""
        self.control.change_user(ADMINISTRATOR, admin=False)
        self.mending.callback(self.control.change_user, ADMINISTRATOR, admin=True)

    def lose_session(self, pattern: str) -> None:
        """Neither the portal nor the application knows the person any more."""
        self.tab.on("dialog", lambda dialog: dialog.accept())
        self.tab.get_by_role("button", name="End the portal session").click()

        def unknown(route: Route) -> None:
            route.continue_(headers={**route.request.headers, "authorization": "Bearer unknown"})

        self.tab.route(pattern, unknown)

    def lose_table(self, table: str) -> None:
        """The application's database lacks a table, until the screen has been looked at."""
        change(self.stack, f"ALTER TABLE {table} RENAME TO {table}_away")
        self.mending.callback(change, self.stack, f"ALTER TABLE {table}_away RENAME TO {table}")

    def let_counts_age(self, age: timedelta) -> None:
        """What the application has counted so far was counted so long ago."""
        moment = f"{datetime.now(UTC) - age:%Y-%m-%d %H:%M:%S.%f}+00:00"
        change(self.stack, f"UPDATE workflows_keptoverview SET counted_at = '{moment}'")  # noqa: S608

    def open(self) -> Visit:
        """The portal's page with the application as the portal opens it."""
        self.tab.goto(f"{self.stack.portal_url}/ui/app")
        return self

    def list(self, *, has_portal: bool = True) -> Visit:
        """The list of what runs, as it opens; in a frame as high as it where the portal around it answers."""
        self.open()
        expect(self.boxes().first).to_be_visible()
        self.settle()
        if has_portal:
            await_fit(self.tab, self.stack)
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
