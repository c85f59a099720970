"""Reading the overview as a person does: figures by what they say."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from bxapp.workflows.models import KeptOverview

if TYPE_CHECKING:
    from tests.portals.sandbox import Sandbox

OVERVIEW = "/workflows/overview/"


class _Links(HTMLParser):
    """Reads figures: the text of each link (or of what is none), its address, and whether it is pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, bool]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if attributes.get("class") in {"figure", "chip", "rise"}:
            self.found.append(("", attributes.get("href") or "", attributes.get("aria-current") == "true"))
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in {"a", "li"}

    def handle_data(self, data: str) -> None:
        if self._open:
            text, url, is_current = self.found[-1]
            self.found[-1] = (" ".join(f"{text} {data}".split()), url, is_current)


def figures(answer: Any) -> dict[str, tuple[str, bool]]:
    """Return the figures of an answer: text to address and whether it is pressed."""
    reader = _Links()
    reader.feed(answer.content.decode())
    return {text: (url, is_current) for text, url, is_current in reader.found}


def figure(answer: Any, label: str) -> tuple[str, str, bool]:
    """Return text, address and state of the one figure that says ``label``."""
    (found,) = [
        (text, url, is_current)
        for text, (url, is_current) in figures(answer).items()
        if re.search(rf"(^| ){re.escape(label)}$", text)
    ]
    return found


def listed(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the portal's own record of what its list shows."""
    return [one for one in sandbox.control("GET", "/portals/1/workflows") if one["in_list"]]


def age_overviews(minutes: float) -> None:
    """Let time pass for what is kept."""
    for row in KeptOverview.objects.all():
        row.counted_at -= timedelta(minutes=minutes)
        row.save()
