"""Whatever people call themselves, their documents or their messages: a page shows it, and obeys nothing."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.portals.frame import confirmed, listed_rows, opened_frame

if TYPE_CHECKING:
    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db

HOSTILE = "</title></q>\"'><img src=x onerror=alert(1)><svg/onload=alert(1)>{{7*7}}{%x%}"
# Elements that a page of ours never has, and attributes that would run something.
FOREIGN = {"img", "svg", "iframe", "object", "embed", "base", "style"}


class _Reader(HTMLParser):
    """Notes what a browser would obey."""

    def __init__(self) -> None:
        super().__init__()
        self.obeyed: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FOREIGN or (tag == "script" and not dict(attrs).get("src")):
            self.obeyed.append(tag)
        for name, value in attrs:
            if name.startswith(("on", "hx-on", "style")) or (value or "").strip().startswith("javascript:"):
                self.obeyed.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("htmx", [True, False], ids=["fragment", "whole page"])
def test_names_and_messages_are_text_on_every_screen(sandbox: Sandbox, htmx: bool) -> None:
    for user_id in range(1, 25):
        sandbox.control("POST", f"/portals/1/users/{user_id}", name=HOSTILE, last_name="")
    sandbox.control(
        "POST", "/portals/1/workflows", count=1, document_name=HOSTILE, document_id=HOSTILE, with_task=True
    )
    frame = opened_frame(sandbox)
    rows = listed_rows(frame)
    dialog = frame.post("/terminations/dialog/", {"selected": rows})
    job = confirmed(frame, rows, key="b" * 32, message=HOSTILE)
    if not htmx:
        del frame.defaults["HTTP_HX_REQUEST"]

    paths = ["/workflows/", job, f"{job}progress/", "/jobs/", "/audit/", "/settings/"]
    pages = {path: frame.get(path) for path in paths}
    pages["dialog"] = dialog
    pages["snapshot"] = frame.post("/workflows/snapshots/", {"total": 1})
    pages["filter"] = frame.get(f"/audit/?workflow={quote(HOSTILE)}")
    pages["address"] = frame.get(f"/{quote(HOSTILE)}/")

    told = ""
    for path, page in pages.items():
        reader = _Reader()
        reader.feed(page.content.decode())
        assert reader.obeyed == [], path
        told += reader.text
    assert told.count(HOSTILE) > 10


def test_a_portals_words_are_text(sandbox: Sandbox) -> None:
    frame = opened_frame(sandbox)
    sandbox.fault(kind="error", method="batch", code="ERROR_CORE", description=HOSTILE, status=400)

    reader = _Reader()
    reader.feed(frame.get("/workflows/").content.decode())

    assert reader.obeyed == []
    assert "onerror=alert(1)" in reader.text
