"""Administrators who do not give up: what fails is tried again, as people press a button again."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import requests

from tests.chosen_lists import choose_from_list
from tests.visitor import Form, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deploy.stack import Stack
    from tests.control import Control
    from tests.visitor import Page

PATIENCE_SECONDS = 150.0


class GaveUpError(Exception):
    """The application did not let a person do something for as long as anybody would try."""


class Administrator(Visitor):
    """One administrator of one portal, over HTTP as in the frame."""

    def __init__(self, stack: Stack, user_id: int, *, portal: int) -> None:
        super().__init__(stack, user_id, portal=portal)
        self._stack, self._portal = stack, portal

    def open_again(self) -> None:
        """Open the application as after a click in the portal's menu."""
        self._patiently("open the application", self.open)

    def fill_dialog(self, workflow_ids: Sequence[str], *, of_all: Control | None = None) -> Form:
        """Tick workflows in the list, press "Terminate", and return the form that waits for confirmation.

        ``of_all``: take everything that runs instead and untick the others, as the portal's record has them.
        """
        if of_all is None:
            chosen = {"selected": self.rows(workflow_ids)}
        else:
            chosen = choose_from_list(self, of_all, workflow_ids)
        page = self.post("/terminations/dialog/", chosen)
        assert page.status == 200, page.text
        form = next(form for form in page.read().forms if form.action == "/terminations/")
        form.fields["typed_number"] = [str(len(workflow_ids))]
        return form

    def confirm(self, form: Form, message: str, *, clicks: int = 1, lends_rights: bool = False) -> set[int]:
        """Press the button, ``clicks`` times at once, until each press led to a job; return the jobs' IDs."""
        fields = {**form.fields, "message": message}
        if lends_rights:
            fields["may_use_other_grants"] = "1"
        people = [self, *(self._twin() for _ in range(clicks - 1))]
        with ThreadPoolExecutor(clicks) as pool:
            return set(pool.map(lambda person: person._confirm(form.action, fields), people))

    def pause(self, job_id: int) -> None:
        self._patiently("pause", lambda: self.post(f"/jobs/{job_id}/pause/", {}))

    def go_on(self, job_id: int) -> None:
        self._patiently("let it go on", lambda: self.post(f"/jobs/{job_id}/go-on/", {}))

    def cancel(self, job_id: int) -> None:
        self._patiently("cancel", lambda: self.post(f"/jobs/{job_id}/cancel/", {}))

    def _confirm(self, action: str, fields: dict[str, str | list[str]]) -> int:
        page = self._patiently("confirm", lambda: self.post(action, fields))
        found = re.search(r"/jobs/(\d+)/", f"{page.headers.get('HX-Location', '')} {page.url}")
        assert found, f"no job after the confirmation: {page.url} {page.text[:500]}"
        return int(found.group(1))

    def _twin(self) -> Administrator:
        """The same person in the same document, for a second press of the same button."""
        twin = Administrator(self._stack, self.user_id, portal=self._portal)
        twin._headers = self._headers
        return twin

    def _patiently(self, what: str, act: Callable[[], Page]) -> Page:
        until = time.monotonic() + PATIENCE_SECONDS
        last = ""
        while time.monotonic() < until:
            try:
                page = act()
                if page.status == 200:
                    return page
                text = " ".join(re.sub(r"<[^>]*>", " ", page.text).split())
                last = f"{page.status} {text[:600]}"
                if page.status == 422:
                    break
            except (requests.RequestException, AssertionError) as error:
                last = repr(error)
            time.sleep(0.5)
        raise GaveUpError(f"user {self.user_id} could not {what}: {last}")
