"""A person who uses the application in the portal's frame, without a browser: forms and pages over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import requests

from tests.control import Control

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from deploy.stack import Stack

    Fields = Mapping[str, str | Sequence[str]]


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, and what it sends if nobody changes anything."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.fields: dict[str, list[str]] = {}
        self.meta: dict[str, dict[str, str]] = {}
        self.ticks: dict[str, str] = {}
        self._textarea: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes.get("hx-post") or attributes.get("action", "")))
        elif tag == "textarea":
            self._textarea = (attributes.get("name", ""), [])
        elif tag == "meta" and "name" in attributes:
            self.meta[attributes["name"]] = attributes
        elif tag == "input" and "name" in attributes:
            # A box sends nothing while it is not ticked.
            if attributes.get("type") != "checkbox" or "checked" in attributes:
                self._add(attributes["name"], attributes.get("value", ""))
            if "data-workflow" in attributes:
                self.ticks[attributes["data-workflow"]] = attributes.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._textarea[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            name, pieces = self._textarea
            self._textarea = None
            self._add(name, "".join(pieces))

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)
        if self.forms:
            self.forms[-1].fields.setdefault(name, []).append(value)


@dataclass(frozen=True, slots=True)
class Page:
    """What the application answered."""

    status: int
    url: str
    text: str
    headers: Mapping[str, str]

    def read(self) -> _FormReader:
        reader = _FormReader()
        reader.feed(self.text)
        return reader


class Visitor:
    """One user of the portal, with the session of one opened page."""

    def __init__(self, stack: Stack, user_id: int = 1, *, portal: int = 1) -> None:
        self.control = Control(stack, portal=portal)
        self.user_id = user_id
        self._app_url = stack.app_url
        self._headers: dict[str, str] = {}
        self._http = requests.Session()

    def install(self) -> Page:
        """Open the installer as the portal does, and finish the installation."""
        page = self.open(installer=True)
        assert page.status == 200, page.text
        self.control.finish_installation(self.user_id)
        return page

    def open(self, **options: object) -> Page:
        """Open the application through the portal's form; keeps the session that the page carries."""
        form = self.control.launch_form(self.user_id, **options)
        answer = self._http.post(form["url"], data=form["fields"], timeout=60, allow_redirects=False)
        page = Page(answer.status_code, answer.url, answer.text, answer.headers)
        session = page.read().meta.get("flowstop-session")
        if session:
            self._headers = {
                "Authorization": f"Bearer {session['content']}",
                "X-Flowstop-Document": session["data-document"],
            }
        return page

    def get(self, path: str) -> Page:
        """Ask for a page as the frame does, by htmx."""
        return self._send("GET", path, {})

    def post(self, path: str, fields: Fields) -> Page:
        return self._send("POST", path, fields)

    def rows(self, workflow_ids: Collection[str]) -> list[str]:
        """What the ticked boxes of these workflows send, from as many pages of the list as it takes."""
        found: dict[str, str] = {}
        page_number = 1
        while set(workflow_ids) - set(found):
            page = self.get(f"/workflows/?page={page_number}")
            ticks = page.read().ticks
            assert ticks, f"not in the list: {set(workflow_ids) - set(found)}"
            found |= ticks
            page_number += 1
        return [found[one] for one in workflow_ids]

    def terminate(self, rows: Sequence[str], message: str) -> int:
        """Select rows, confirm the dialog with a message, and return the job's ID."""
        dialog = self.post("/terminations/dialog/", {"selected": list(rows)})
        assert dialog.status == 200, dialog.text
        form = next(form for form in dialog.read().forms if form.action == "/terminations/")
        # Many have to be confirmed by their number; fewer have no such field, and it is not read.
        typed = {"message": message, "typed_number": str(len(rows))}
        done = self.post(form.action, {**form.fields, **typed})
        assert done.status == 200, done.text
        found = re.search(r"/jobs/(\d+)/", f"{done.headers.get('HX-Location', '')} {done.url} {done.text}")
        assert found, done.text
        return int(found.group(1))

    def _send(self, verb: str, path: str, fields: Fields) -> Page:
        answer = self._http.request(
            verb,
            f"{self._app_url}{path}",
            data=fields,
            headers={**self._headers, "HX-Request": "true"},
            timeout=90,
        )
        return Page(answer.status_code, answer.url, answer.text, answer.headers)
