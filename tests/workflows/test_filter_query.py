"""A filter in an address: what it means, what comes back, and what a senseless value does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from bxapp.bitrix.methods import Instance
from bxapp.workflows.filter_query import NAMES_OF_FILTER, address, only_filter, pairs, parse
from bxapp.workflows.filters import EVERYTHING, KINDS, Filter, Known, Origin, RowState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANY = Instance("a.1", NOW, None, "crm", "CCrmDocumentDeal", "DEAL_1", NOW, 1, 1)
ALL_KNOWN = Known(frozenset({1}), frozenset({1}), frozenset({"a.1"}))

MEANT: dict[str, Filter] = {
    "": EVERYTHING,
    "page=3&sort=modified&DOMAIN=x&LANG=de": EVERYTHING,
    "template=12&template=11": Filter(templates=frozenset({11, 12})),
    "kind=deal&kind=lists": Filter(kinds=frozenset({KINDS["deal"], KINDS["lists"]})),
    "document=DEAL_1633": Filter(documents=frozenset({"DEAL_1633"})),
    "by=0&by=7&by=dismissed": Filter(started_by=frozenset({0, 7}), started_by_dismissed=True),
    "waits=5": Filter(waits_for=frozenset({5})),
    "waits=dismissed": Filter(waits_for_dismissed=True),
    "id=65e5a449e8f135.21284909,b.2&id=c.3": Filter(ids=frozenset({"65e5a449e8f135.21284909", "b.2", "c.3"})),
    "state=hung": Filter(state=RowState.HUNG),
    "state=executing": Filter(state=RowState.EXECUTING),
    "origin=rules": Filter(origin=Origin.RULES),
    "older=90d&unchanged=12h": Filter(older_than=timedelta(days=90), unchanged_for=timedelta(hours=12)),
    "newer=1y&changed=7d": Filter(newer_than=timedelta(days=365), changed_within=timedelta(days=7)),
    "template=&kind=&by=+": EVERYTHING,
}
SENSELESS = [
    "template=abc",
    "template=-1",
    "template=1.5",
    "template=１１",
    "template=99999999999999999999",
    "kind=spaceship",
    "kind=Deal",
    "document=DEAL 1",
    "document=%00",
    "document=" + "x" * 256,
    "by=me",
    "waits=0",
    "id=a%20b%09%00",
    "id=0",
    "state=dead",
    "state=hung&state=running",
    "origin=none",
    "older=30",
    "older=0d",
    "older=9999y",
    "older=-1d",
    "started_from=yesterday",
    "started_from=0001-01-01",
    "started_before=9999-12-31",
    "changed_before=2026-02-30",
    "changed_from=2026-01-01T00:00",
]


@pytest.mark.parametrize("query", MEANT)
def test_a_query_is_understood_and_comes_back(query: str) -> None:
    parsed = parse(query)

    assert (parsed.filter, parsed.problems) == (MEANT[query], ())
    again = address(parsed.filter).partition("?")[2]
    assert parse(again) == parsed
    assert address(parse(again).filter) == address(parsed.filter)


def test_every_name_of_a_filter_is_read_and_written() -> None:
    query = (
        "template=1&kind=deal&document=DEAL_1&by=1&by=dismissed&waits=1&waits=dismissed&id=a.1&state=running"
        "&origin=workflows&started_from=2026-01-01&started_before=2026-01-02&changed_from=2026-01-03"
        "&changed_before=2026-01-04&older=1d&newer=2d&unchanged=3h&changed=4y&nothing=1"
    )
    meant = parse(query).filter

    assert "&".join(f"{name}={value}" for name, value in pairs(meant)) == query
    assert {name for name, _ in pairs(meant)} == set(NAMES_OF_FILTER)
    for field in EVERYTHING.__dataclass_fields__:
        assert getattr(meant, field) != getattr(EVERYTHING, field), field


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Auckland"])
def test_days_are_those_of_the_persons_zone(zone: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        meant = parse("started_from=2026-03-29&started_before=2026-03-30").filter

        assert meant.started_from == datetime(2026, 3, 29, tzinfo=ZoneInfo(zone))
        assert meant.started_before == datetime(2026, 3, 30, tzinfo=ZoneInfo(zone))
        assert pairs(meant) == [("started_from", "2026-03-29"), ("started_before", "2026-03-30")]


@pytest.mark.parametrize("query", SENSELESS)
def test_a_senseless_value_is_told_and_means_nothing_rather_than_everything(query: str) -> None:
    parsed = parse(query)

    assert parsed.problems
    assert not parsed.filter.meets(ANY, NOW, ALL_KNOWN)
    carried_on = parse(address(parsed.filter).partition("?")[2])
    assert not carried_on.filter.meets(ANY, NOW, ALL_KNOWN), "nor when it is linked to"


def test_a_senseless_value_beside_a_good_one_leaves_the_good_one() -> None:
    parsed = parse("template=11&template=abc&kind=deal")

    assert parsed.filter == Filter(templates=frozenset({11}), kinds=frozenset({KINDS["deal"]}))
    assert parsed.problems == ("The filter “template” cannot be “abc”.",)


def test_nothing_stays_nothing_whatever_else_is_said_of_it() -> None:
    assert parse("nothing=1&nothing=").filter.is_impossible


def test_more_values_than_a_filter_holds_are_told() -> None:
    parsed = parse("&".join(f"template={number}" for number in range(1, 300)))

    assert len(parsed.filter.templates) == 200
    assert len(parsed.problems) == 1


def test_the_part_that_is_a_filter_is_carried_on_as_it_came() -> None:
    from django.http import QueryDict

    query = QueryDict("IFRAME=Y&template=abc&by=1&template=2&page=4&older=%3Cscript%3E")

    assert only_filter(query) == "template=abc&template=2&by=1&older=%3Cscript%3E"


@pytest.mark.parametrize(
    ("meant", "known"),
    [
        (Filter(started_by_dismissed=True), {"dismissed": frozenset({1})}),
        (Filter(waits_for=frozenset({9})), {"awaited": frozenset({"a.1"})}),
        (Filter(waits_for_dismissed=True), {"awaited": frozenset({"a.1"})}),
        (Filter(origin=Origin.WORKFLOWS), {"listed_templates": frozenset({1})}),
    ],
)
def test_what_the_rows_do_not_tell_must_be_known_before(meant: Filter, known: dict[str, Any]) -> None:
    assert meant.needs_asking
    with pytest.raises(ValueError, match="resolved"):
        meant.meets(ANY, NOW)
    assert meant.meets(ANY, NOW, Known(**known))
    nobody: dict[str, Any] = dict.fromkeys(known, frozenset())
    assert not meant.meets(ANY, NOW, Known(**nobody))


def test_ages_are_counted_from_the_moment_of_looking() -> None:
    meant = parse("older=30d").filter

    assert not meant.meets(ANY, NOW + timedelta(days=29))
    assert meant.meets(ANY, NOW + timedelta(days=31))
