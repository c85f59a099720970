"""What an administrator does at the screen, in the words of the stories.

Everything is found as a person finds it: by the names of links, buttons, boxes and figures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.control import Control
from tests.fit import await_fit
from tests.stories.pictures import take_picture
from tests.stories.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import FrameLocator, Locator, Page, Request

    from deploy.stack import Stack


@dataclass
class Administrator:
    """One person in one tab of the portal; ``errors`` are what the browser complained of."""

    tab: Page
    stack: Stack
    errors: list[str]
    words: Words = field(default_factory=Words)
    asked: list[str] = field(default_factory=list)
    """Addresses that the tab has asked for, the frame's too."""

    def __post_init__(self) -> None:
        self.tab.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.asked.append(request.url)

    @property
    def control(self) -> Control:
        return Control(self.stack)

    @property
    def inside(self) -> FrameLocator:
        """The application inside the portal's frame."""
        return self.tab.frame_locator("#app-frame")

    @property
    def dialog(self) -> Locator:
        return self.inside.get_by_role("dialog", name=self.words("Terminate workflows"))

    @property
    def boxes(self) -> Locator:
        return self.inside.locator('input[name="selected"]')

    def button(self, name: str) -> Locator:
        return self.inside.get_by_role("button", name=self.words(name), exact=True)

    def link(self, name: str) -> Locator:
        return self.inside.get_by_role("link", name=self.words(name), exact=True)

    # --- moving about ------------------------------------------------------------------------------------

    def signs_in_as(self, user_id: int) -> None:
        self.tab.goto(self.stack.portal_url)
        self.tab.get_by_label("Signed in as").select_option(str(user_id))
        self.tab.get_by_role("button", name="Switch user").click()
        expect(self.tab.get_by_label("Signed in as")).to_have_value(str(user_id))

    def opens(self) -> None:
        """Open the application in the portal; the list and its figures are there."""
        self.tab.goto(f"{self.stack.portal_url}/ui/app")
        self.sees_the_list()
        await_fit(self.tab, self.stack)

    def goes_to(self, name: str) -> None:
        """Go to one of the four pages."""
        self.inside.get_by_role("navigation", name="Flowstop").get_by_role(
            "link", name=self.words(name)
        ).click()
        heading = self.inside.get_by_role("heading", level=1, name=self.words(name))
        expect(heading).to_be_visible()
        self._settles()

    def sees_the_list(self) -> None:
        expect(self.inside.locator("h1")).to_contain_text(self.words("Running workflows"))
        self._settles()

    def _settles(self) -> None:
        expect(self.inside.locator('#content[aria-busy="true"], .htmx-request')).to_have_count(0)

    # --- finding -----------------------------------------------------------------------------------------

    def figure(self, label: str) -> Locator:
        overview = self.inside.get_by_role("region", name=self.words("Overview"))
        return overview.get_by_role("link").filter(has_text=self.words(label))

    def clicks_the_figure(self, label: str) -> int:
        """List what a figure counts, by one click on it; returns the figure."""
        figure = self.figure(label)
        count = int(re.sub(r"\D", "", figure.locator("strong").inner_text()))
        figure.click()
        expect(self.figure(label)).to_have_attribute("aria-current", "true")
        self._settles()
        return count

    def puts_a_filter_together(self, *templates: str, started: str = "") -> None:
        """Open the filter's form and choose templates, and one of the ages that it offers."""
        self.button("Filter").click()
        form = self.inside.get_by_role("dialog", name=self.words("Filter"))
        for template in templates:
            form.get_by_label(template, exact=True).check()
        if started:
            form.get_by_role("combobox", name=self.words("Started")).select_option(label=self.words(started))

    def shows_what_matches(self) -> int:
        """Use the filter that is in the form; returns how many workflows match."""
        form = self.inside.get_by_role("dialog", name=self.words("Filter"))
        form.get_by_role("button", name=self.words("Show")).click()
        expect(form).to_have_count(0)
        expect(self.inside.get_by_role("list", name=self.words("Filter"))).to_be_visible()
        self.sees_the_list()
        return int(re.sub(r"\D", "", self.inside.get_by_role("heading", level=1).inner_text()))

    def protects(self, template: str) -> None:
        """Protect a template in the settings."""
        self.goes_to("Settings")
        section = self.inside.get_by_role("region", name=self.words("Protected templates"))
        section.get_by_text(self.words("Protect a template")).click()
        name = self.words("Protect %(name)s", name=template)
        section.get_by_role("button", name=name, exact=True).click()
        ended = self.words("End the protection of %(name)s", name=template)
        expect(section.get_by_role("button", name=ended, exact=True)).to_be_visible()

    def prefers(self, *, language: str, theme: str) -> None:
        """Choose a language by its code ("" as in the portal) and a theme, in the settings."""
        self.goes_to("Settings")
        section = self.inside.get_by_role("region", name=self.words("Language and theme"))
        section.get_by_label(self.words("Language"), exact=True).select_option(language)
        section.get_by_label(self.words("Theme"), exact=True).select_option(theme)
        section.get_by_role("button", name=self.words("Save")).click()
        expect(self.inside.locator("html")).to_have_attribute("data-theme", theme)

    # --- choosing and stopping ---------------------------------------------------------------------------

    def shown(self) -> list[str]:
        """IDs of the workflows on the page that can be chosen, from top to bottom."""
        expect(self.boxes.first).to_be_visible()
        enabled = self.inside.locator('input[name="selected"]:enabled')
        return [str(box.get_attribute("data-workflow")) for box in enabled.all()]

    def selects(self, workflow_ids: Iterable[str]) -> None:
        for workflow_id in workflow_ids:
            name = self.words("Select workflow %(id)s", id=workflow_id)
            self.inside.get_by_role("checkbox", name=name).check()

    def selects_the_page(self) -> int:
        self.inside.get_by_label(self.words("Select all on this page")).check()
        return self.inside.locator('input[name="selected"]:checked').count()

    def selects_all_matching(self, count: int) -> None:
        """Select everything that matches, of which there are ``count``; the list of it has been read."""
        self.selects_the_page()
        name = self.words("Select all %(total)s matching workflows", total=count)
        self.inside.get_by_role("button", name=name, exact=True).click()
        expect(self.inside.locator("[data-snapshot-state=done]")).to_be_attached()

    def opens_the_dialog(self) -> None:
        self.button("Terminate").click()
        expect(self.dialog).to_be_visible()

    def writes(self, message: str) -> None:
        self.dialog.get_by_label(self.words("Status message")).fill(message)

    def types_the_number(self, count: int) -> None:
        """Type how many will be stopped, as is asked for from a hundred on."""
        self.dialog.get_by_label(self.words("Type %(count)s to confirm", count=count)).fill(str(count))

    def confirms(self, count: int) -> None:
        """Press the button that stops ``count`` workflows."""
        name = self.words.count("Terminate %(number)s workflow", "Terminate %(number)s workflows", count)
        self.dialog.get_by_role("button", name=name, exact=True).click()
        expect(self.dialog).to_have_count(0)

    def terminates(self, count: int, message: str) -> None:
        """Stop the ``count`` workflows that are selected."""
        self.opens_the_dialog()
        self.writes(message)
        self.confirms(count)

    # --- reading -----------------------------------------------------------------------------------------

    def waits_for_the_job(self, *, within_seconds: float = 60) -> dict[str, int]:
        """Wait until the job on the screen has ended; returns its counts by outcome."""
        expect(self.inside.get_by_role("progressbar", name=self.words("Progress"))).to_be_visible()
        expect(self.inside.locator("[data-job-done=true]")).to_be_visible(timeout=within_seconds * 1000)
        self._settles()
        counts = self.inside.get_by_role("navigation", name=self.words("Outcomes")).get_by_role("link")
        told = [text.strip().split(maxsplit=1) for text in counts.all_inner_texts()]
        return {label: int(number) for number, label in told if number != "0"}

    def reads_the_log(self, workflow_id: str) -> list[str]:
        """Everything that the audit log tells of one workflow, newest first."""
        self.goes_to("Audit log")
        self.inside.get_by_label(self.words("Workflow ID")).fill(workflow_id)
        self.button("Filter").click()
        lines = self.inside.get_by_role("row").filter(has=self.inside.get_by_role("link", name=workflow_id))
        expect(lines.first).to_be_visible()
        self._settles()
        return lines.all_inner_texts()

    def scrolls_to_the_top(self) -> None:
        self.tab.evaluate("() => scrollTo(0, 0)")

    def takes_picture(self, name: str) -> None:
        """Keep what is seen now for docs/screens.md, where the run is asked for it."""
        self._settles()
        # Nothing is under the mouse; the frame hears of it a moment later.
        self.tab.mouse.move(0, 0)
        self.tab.wait_for_timeout(100)
        take_picture(self.tab, name)
