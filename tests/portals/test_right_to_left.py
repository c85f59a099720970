"""Names and messages of either direction stand in the other: each is set apart from the text around it."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from bxapp.portals.models import AccessGrant
from bxapp.portals.sessions import Actor, Channel
from bxapp.terminations.jobs import saved_messages
from bxapp.workflows import names, protected, saved_filters
from tests.portals.frame import confirmed, listed_rows, opened_frame

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db

ARABIC = "شركة (٢٠٢٥)"
HEBREW = "הודעה 5"
# Elements without an end.
_VOID = {"input", "meta", "link", "br", "hr", "img"}


class _Apart(HTMLParser):
    """Notes texts of the right-to-left scripts that no element around them sets apart."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed: list[str] = []
        self.seen = 0
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        sets_apart = tag in {"bdi", "title"} or attributes.get("dir") == "auto"
        if _is_right_to_left(attributes.get("value") or "") and tag == "input":
            self.seen += 1
            if not sets_apart and attributes.get("type") != "hidden" and attributes.get("name") != "selected":
                self.mixed.append(f"input {attributes.get('name')}")
        if tag not in _VOID:
            self._open.append((tag, sets_apart))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if _is_right_to_left(data):
            self.seen += 1
            if not any(sets_apart for _, sets_apart in self._open):
                self.mixed.append(" ".join([tag for tag, _ in self._open[-3:]] + [data.strip()]))


def _is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)


def _read(page: str) -> _Apart:
    reader = _Apart()
    reader.feed(page)
    return reader


@pytest.fixture
def frame(sandbox: Sandbox) -> Client:
    """A portal in which everything is called in Arabic, and somebody stops workflows in Hebrew."""
    for user_id in range(1, 25):
        sandbox.control("POST", f"/portals/1/users/{user_id}", name=ARABIC, last_name="")
    sandbox.control("POST", "/portals/1/workflows", count=1, document_name=ARABIC, with_task=True)
    frame = opened_frame(sandbox)
    grant = AccessGrant.objects.select_related("portal").get()
    actor = Actor(grant.portal, grant, Channel.FRAME)
    saved_messages.save(actor, ARABIC, HEBREW)
    saved_filters.save(actor, ARABIC, "kind=deal")
    names.templates(grant.portal, {12}, {12: ARABIC})
    protected.protect(actor, 12)
    return frame


def test_on_every_screen(frame: Client) -> None:
    rows = listed_rows(frame)
    pages = {"dialog": frame.post("/terminations/dialog/", {"selected": rows})}
    form = {"selected": rows, "message": "{name} " + HEBREW, "idempotency_key": "c" * 32}
    pages["wrong"] = frame.post("/terminations/", form)
    pages["preview"] = frame.post("/terminations/preview/", {**form, "message": "{user} {document} {date}"})
    job = confirmed(frame, rows, key="b" * 32, message=HEBREW)
    for path in ("/workflows/", "/workflows/?by=1&template=12", job, "/jobs/", "/audit/", "/settings/"):
        pages[path] = frame.get(path, headers={"HX-Request": "false"})
    for path in ("/workflows/saved/?kind=deal", "/terminations/messages/", "/settings/templates/"):
        pages[path] = frame.get(path)

    for path, page in pages.items():
        reader = _read(page.content.decode())
        assert reader.mixed == [], path
        assert reader.seen or path == "/settings/templates/", path


def test_the_reader_notices() -> None:
    assert _read(f"<p>By {ARABIC}, no. 5</p>").mixed
    assert _read(f'<p><bdi>x</bdi> <input name="message" value="{HEBREW}"> {HEBREW}</p>').mixed
    assert not _read(f'<p>By <bdi>{ARABIC}</bdi> <q dir="auto">{HEBREW}</q></p>').mixed
