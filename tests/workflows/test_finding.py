"""Pages of a filtered list: no row twice, none missing, and no half-empty page that looks like the end."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bxapp.portals import grants
from bxapp.portals.models import AccessGrant, Portal
from bxapp.workflows import filter_query, finding, resolving
from bxapp.workflows.ordering import Ordering
from bxapp.workflows.places import Cursor, Place
from tests.workflows.conftest import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.workflows.finding import Sheet
    from tests.portals.sandbox import Sandbox
    from tests.workflows.conftest import Frame

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frame")]

NOW = datetime.now(UTC)
SERVERS: dict[str, dict[str, Any]] = {
    "published": {"filter_dialect": "published"},
    "documented": {"filter_dialect": "documented"},
    "dates off by a zone": {"date_filter_shift_minutes": -720, "converts_started": False},
}


def _started(one: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(one["started"])


CASES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "kind=deal": lambda one: one["entity"] == "CCrmDocumentDeal",
    "older=30d": lambda one: _started(one) < NOW - timedelta(days=30),
    "by=0": lambda one: one["started_by"] == 0,
    "by=dismissed": lambda one: one["started_by"] in {6, 8, 12, 19, 22},
    "waits=dismissed": lambda one: not {6, 8, 12, 19, 22}.isdisjoint(one["waits_for"]),
    "origin=rules": lambda one: one["template_id"] > 30,
    "kind=quote&kind=item&kind=lists": lambda one: one["module_id"] == "lists" or "Dynamic" in one["entity"],
    "state=hung": lambda one: bool(one["hung"]),
}


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of a hundred rows is a long one here: what is sorted out at once elsewhere is walked."""
    monkeypatch.setattr(finding, "WHOLE", 50)
    monkeypatch.setattr(finding, "PAGE_SIZE", 7)


def _sheet(query: str, place: Place, ordering: Ordering | None = None) -> Sheet:
    client, portal = grants.client_for(AccessGrant.objects.get()), Portal.objects.get()
    meant = filter_query.parse(query).filter
    known = resolving.resolve(client, portal, meant)
    return finding.find(client, meant, known, place, ordering or Ordering(), NOW)


def _ids(sheet: Sheet) -> list[str]:
    return [instance.id for instance in sheet.page.instances]


def _recorded(sandbox: Sandbox, query: str, *, descending: bool = True) -> list[str]:
    record = sandbox.control("GET", "/portals/1/workflows?state=running")
    meant = [one for one in record if one["in_list"] and CASES[query](one)]
    return [
        one["id"] for one in sorted(meant, key=lambda one: (_started(one), one["id"]), reverse=descending)
    ]


def _walked(query: str, ordering: Ordering) -> list[Sheet]:
    """Go from page to page as the links lead."""
    sheets = [_sheet(query, Place(), ordering)]
    number = 1
    while len(sheets) < 100:
        sheet = sheets[-1]
        if sheet.is_numbered:
            if sheet.last >= sheet.total:
                return sheets
            number += 1
            sheets.append(_sheet(query, Place(number), ordering))
        elif sheet.on is not None:
            sheets.append(_sheet(query, Place(cursor=sheet.on), ordering))
        else:
            return sheets
    raise AssertionError("the pages do not end")


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("query", CASES)
def test_page_after_page_everything_is_shown_once_in_order(sandbox: Sandbox, query: str, server: str) -> None:
    sandbox.settings(**SERVERS[server])
    for descending in (True, False):
        sheets = _walked(query, Ordering(descending=descending))

        assert [one for sheet in sheets for one in _ids(sheet)] == _recorded(
            sandbox, query, descending=descending
        )
        assert all(len(sheet.page.instances) == 7 for sheet in sheets[:-1]), (
            "no page before the last is short"
        )
        firsts = [sheet.first for sheet in sheets]
        assert firsts == [1 + 7 * place for place in range(len(sheets))]
        total = len(_recorded(sandbox, query))
        assert (sheets[-1].total, sheets[-1].is_least) == (total, False)
        assert all(sheet.total == total or (sheet.is_least and sheet.total <= total) for sheet in sheets)


@pytest.mark.usefixtures("small_pages")
def test_back_one_comes_to_the_pages_one_came_from(sandbox: Sandbox) -> None:
    ordering = Ordering()
    there = _walked("by=0", ordering)
    assert not there[0].is_numbered
    assert len(there) > 2

    for before, after in pairwise(there):
        assert after.back is not None
        back = _sheet("by=0", Place(cursor=after.back), ordering)
        assert _ids(back) == _ids(before)
        assert (back.first, back.last) == (before.first, before.last)
        assert back.on is not None
        assert _ids(_sheet("by=0", Place(cursor=back.on), ordering)) == _ids(after)
    assert there[0].back is None


@pytest.mark.usefixtures("small_pages")
def test_a_search_that_is_given_up_says_how_far_it_came(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_STEPS", (1,))
    sandbox.control("POST", "/portals/1/workflows", count=100, started_by=3, age_seconds=0)
    wanted = _recorded(sandbox, "by=0")

    first = _sheet("by=0", Place())
    assert (_ids(first), first.looked_at, first.is_least) == ([], 50, True)
    assert [one for sheet in _walked("by=0", Ordering()) for one in _ids(sheet)] == wanted


def test_a_list_that_is_a_little_longer_is_sorted_out_whole(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=500, started_by=0, age_seconds=0)
    wanted = _recorded(sandbox, "by=0")
    sandbox.forget()

    sheet = _sheet("by=0", Place(4))

    assert (sheet.total, sheet.is_least, sheet.is_numbered) == (len(wanted), False, True)
    assert _ids(sheet) == wanted[150:200]
    assert len(sandbox.asked("portal")) == 3, "how long it is, the rest of it, and names"


def test_at_least_so_many_is_what_is_certain(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "WHOLE", 50)
    sandbox.control("POST", "/portals/1/workflows", count=300, age_seconds=100 * 86400)
    total = len(_recorded(sandbox, "older=30d"))

    sheet = _sheet("older=30d", Place())

    assert sheet.is_least
    assert 300 <= sheet.total <= total


def test_a_place_beyond_the_end_is_the_beginning(sandbox: Sandbox) -> None:
    assert _ids(_sheet("by=0", Place(cursor=Cursor(9000, 900)))) == _recorded(sandbox, "by=0")[:50]


def test_where_the_server_ignores_the_filter_nothing_else_is_shown(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that the server does not know makes the list wider; here the key is spoilt on the way."""
    from bxapp.workflows import questions

    monkeypatch.setattr(questions, "_exactly", lambda name, text: {f"=={name}": text})

    assert _ids(_sheet("kind=deal", Place())) == _recorded(sandbox, "kind=deal")[:50]


@pytest.mark.parametrize(
    ("query", "requests"),
    [
        ("", 1),
        ("template=11&template=31", 1),
        ("kind=deal", 1),
        ("kind=item", 1),
        ("by=3", 1),
        ("document=DEAL_1", 1),
        ("kind=lead&kind=deal&template=31&by=3&by=5", 1),
        # How long it is, and names.
        ("older=30d", 2),
        ("state=hung", 2),
        # Who was dismissed.
        ("by=dismissed", 2),
        ("origin=rules", 2),
    ],
)
def test_what_a_page_costs(frame: Frame, sandbox: Sandbox, query: str, requests: int) -> None:
    frame.get("/workflows/?by=dismissed")
    sandbox.forget()

    assert frame.get(f"/workflows/?{query}").status_code == 200
    assert len(sandbox.asked("portal")) == requests


def test_the_screen_shows_just_these_and_its_links_keep_the_filter(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=120, template_id=11, age_seconds=60)
    answer = frame.get("/workflows/?template=11&kind=deal&older=0h&older=1h&sort=modified")
    assert not table(answer)[0]

    answer = frame.get("/workflows/?template=11&kind=deal&sort=modified")
    text = html.unescape(answer.content.decode())

    assert {row.workflow.template_id for row in answer.context["rows"]} == {11}
    assert 'href="/workflows/?template=11&kind=deal&sort=modified&direction=desc&page=2"' in text
    assert 'href="/workflows/?template=11&kind=deal&sort=started&direction=desc"' in text
    assert [chip.text for chip in answer.context["chips"]] == ["Template: Contract approval", "Deals"]
    assert 'href="/workflows/?kind=deal&sort=modified&direction=desc"' in text, "without the template"
    assert 'href="/workflows/?sort=modified&direction=desc"' in text, "without any"
    assert "Remove the filter: Template: Contract approval" in text


def test_a_senseless_filter_shows_a_sentence_and_nothing_else(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.forget()
    answer = frame.get("/workflows/?template=<script>")
    text = html.unescape(answer.content.decode())

    assert table(answer) == ([], [])
    assert "The filter “template” cannot be “<script>”." in text
    assert b"<script>" not in answer.content
    assert "The filter could not be understood" in text
    assert sandbox.asked("portal") == []


def test_when_nothing_matches_it_says_so(frame: Frame) -> None:
    text = frame.get("/workflows/?id=65e5a449e8f135.21284909").content.decode()

    assert "Nothing that runs matches" in text
    assert "Nothing is running" not in text


def test_a_list_of_unknown_length_says_at_least(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WHOLE", 10), ("PAGE_SIZE", 5), ("_STEPS", (1, 1))):
        monkeypatch.setattr(finding, name, value)

    text = html.unescape(frame.get("/workflows/?by=0").content.decode())

    assert re.search(r"1–5 of at least \d+", text)
    on = re.search(r'href="(/workflows/\?by=0&from=[^"]+)"[^>]*aria-label="Next page"', text)
    assert on
    after = html.unescape(frame.get(on[1]).content.decode())
    assert "6–10 of at least" in after
    assert 'aria-label="Previous page"' in after


def test_all_of_a_list_of_unknown_length_can_be_chosen(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WHOLE", 10), ("_STEPS", (1,))):
        monkeypatch.setattr(finding, name, value)

    answer = frame.get("/workflows/?by=0")

    # Everything that was found so far is on this page, and there may be more of it.
    shown, text = len(table(answer)[0]), answer.content.decode()
    assert 0 < shown < 50
    assert f"Select all matching workflows, at least {shown}" in text
