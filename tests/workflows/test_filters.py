"""Filters: whatever the server makes of the question, what is listed is what is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from bxapp.bitrix.methods import Instance
from bxapp.portals import grants
from bxapp.portals.models import AccessGrant
from bxapp.workflows import snapshots
from bxapp.workflows.filters import EVERYTHING, KINDS, Filter, RowState

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.bitrix.client import Client, Command, Exchange
    from tests.portals.sandbox import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frame")]

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=30)


def _client(recorder: Callable[[Exchange], None] | None = None) -> Client:
    return grants.client_for(AccessGrant.objects.get(), recorder)


def _found(meant: Filter, recorder: Callable[[Exchange], None] | None = None) -> set[str]:
    return {instance.id for instance in snapshots.take(_client(recorder), meant=meant).instances}


def _recorded(sandbox: Sandbox, meets: Callable[[dict[str, Any]], bool]) -> set[str]:
    """Return which of the listed workflows the portal's own record says are meant."""
    record = sandbox.control("GET", "/portals/1/workflows?state=running")
    return {one["id"] for one in record if one["in_list"] and meets(one)}


def _started(one: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(one["started"])


def _modified(one: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(one["modified"])


CASES: dict[str, tuple[Filter, Callable[[dict[str, Any]], bool]]] = {
    "everything": (EVERYTHING, lambda one: True),
    "templates": (
        Filter(templates=frozenset({11, 31})),
        lambda one: one["template_id"] in {11, 31},
    ),
    "system": (Filter(started_by=frozenset({0})), lambda one: one["started_by"] == 0),
    "people": (Filter(started_by=frozenset({3, 6, 8})), lambda one: one["started_by"] in {3, 6, 8}),
    "deals": (
        Filter(kinds=frozenset({KINDS["deal"]})),
        lambda one: one["entity"] == "CCrmDocumentDeal",
    ),
    "lists or leads": (
        Filter(kinds=frozenset({KINDS["lists"], KINDS["lead"]})),
        lambda one: one["module_id"] == "lists" or one["entity"] == "CCrmDocumentLead",
    ),
    "started long ago": (Filter(started_before=LONG_AGO), lambda one: _started(one) < LONG_AGO),
    "changed lately": (Filter(modified_from=LONG_AGO), lambda one: _modified(one) >= LONG_AGO),
    "hung": (Filter(state=RowState.HUNG), lambda one: bool(one["hung"])),
    "several at once": (
        Filter(kinds=frozenset({KINDS["deal"]}), started_from=LONG_AGO, templates=frozenset({12, 31})),
        lambda one: (
            one["entity"] == "CCrmDocumentDeal"
            and _started(one) >= LONG_AGO
            and one["template_id"] in {12, 31}
        ),
    ),
}
SERVERS: dict[str, dict[str, Any]] = {
    "published": {"filter_dialect": "published"},
    "documented": {"filter_dialect": "documented"},
    "before June 2025": {"converts_started": False, "server_zone_minutes": 540},
    "dates off by a zone": {"date_filter_shift_minutes": -720},
    "dates off the other way": {"date_filter_shift_minutes": 840},
    "proactive filter": {"proactive_filter": True},
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("case", CASES)
def test_what_is_found_is_what_is_meant(sandbox: Sandbox, case: str, server: str) -> None:
    sandbox.settings(**SERVERS[server])
    meant, meets = CASES[case]

    assert _found(meant) == _recorded(sandbox, meets)


def test_one_document_is_not_another_that_a_wildcard_would_match(sandbox: Sandbox) -> None:
    for document_id in ("DEAL_77001", "DEALX77001", "DEAL_770011"):
        sandbox.control("POST", "/portals/1/workflows", document_id=document_id, template_id=11)
    (wanted,) = _recorded(sandbox, lambda one: one["document_id"] == "DEAL_77001")

    assert _found(Filter(documents=frozenset({"DEAL_77001"}))) == {wanted}


def test_a_server_that_ignores_a_key_lists_more_and_nothing_of_it_is_taken(sandbox: Sandbox) -> None:
    """As published servers do with keys they do not know: here because no key is asked for."""

    class Deaf(Filter):
        def question(self, now: datetime) -> dict[str, Any]:
            return {"UNKNOWN_KEY": 1, "=TEMPLATE_ID": 11}

    assert _found(Deaf(templates=frozenset({11}))) == _recorded(sandbox, lambda one: one["template_id"] == 11)


def test_the_portal_is_asked_with_the_oldest_operators_and_upper_case_names_only() -> None:
    for meant, _ in CASES.values():
        for key in meant.question(NOW):
            sign = key.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
            assert sign in {"", "<=", ">="}, key
            assert key.removeprefix(sign).isupper()


def test_the_portal_narrows_it_so_that_fewer_requests_are_needed(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=400, template_id=31, age_seconds=60)
    sandbox.forget()
    _found(Filter(templates=frozenset({11})))

    assert len(sandbox.asked("portal")) == 2, "one page of rows, and their names"


def test_thousands_take_few_requests_and_none_is_missed(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=3000, template_id=31, age_seconds=60)
    commands: list[list[Command]] = []
    everything = _found(EVERYTHING, lambda exchange: commands.append([*exchange.commands.values()]))

    assert everything == _recorded(sandbox, lambda one: True)
    lists = [asked for asked in commands if asked[0].method == "bizproc.workflow.instances"]
    assert [len(asked) for asked in lists] == [1, 50, 12]


def test_a_text_that_a_batch_might_change_is_not_asked_for_but_compared_here() -> None:
    for text in ("$result[p0][0][ID]", "../x"):
        assert Filter(documents=frozenset({text})).question(NOW) == {}
    # A range is compared as it is; a list by LIKE, where a backslash escapes.
    assert Filter(documents=frozenset({"A\\B"})).question(NOW) == {
        ">=DOCUMENT_ID": "A\\B",
        "<=DOCUMENT_ID": "A\\B",
    }
    assert Filter(documents=frozenset({"A\\B", "C"})).question(NOW) == {}


def test_a_workflow_without_a_date_is_not_meant_where_a_date_is_asked_for() -> None:
    undated = Instance("a.1", None, None, "crm", "CCrmDocumentDeal", "DEAL_1", None, 1, 1)

    assert EVERYTHING.meets(undated, timezone.now())
    assert not Filter(started_before=NOW).meets(undated, NOW)
    assert not Filter(modified_from=LONG_AGO).meets(undated, NOW)
    assert not Filter(state=RowState.HUNG).meets(undated, NOW)
