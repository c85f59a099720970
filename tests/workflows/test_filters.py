"""Filters: whatever the server makes of the question, what is listed is what is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from bxapp.bitrix.errors import BitrixError
from bxapp.bitrix.methods import Instance
from bxapp.portals import grants
from bxapp.portals.models import AccessGrant, Portal
from bxapp.workflows import resolving, snapshots
from bxapp.workflows.filters import EVERYTHING, KINDS, NOTHING_KNOWN, Filter, Known, Origin, RowState

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.bitrix.client import Client, Command, Exchange
    from tests.portals.sandbox import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frame")]

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=30)
# Of the sandbox's people, and of its templates those that the portal lists.
DISMISSED = {6, 8, 12, 19, 22}
LISTED = set(range(11, 25))


def _client(recorder: Callable[[Exchange], None] | None = None) -> Client:
    return grants.client_for(AccessGrant.objects.get(), recorder)


def _found(meant: Filter, recorder: Callable[[Exchange], None] | None = None) -> set[str]:
    client = _client(recorder)
    known = resolving.resolve(client, Portal.objects.get(), meant)
    return {instance.id for instance in snapshots.take(client, meant=meant, known=known).instances}


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
    "idle": (
        Filter(state=RowState.RUNNING),
        lambda one: one["owned_until"] is None,
    ),
    "an age": (
        Filter(older_than=timedelta(days=30), newer_than=timedelta(days=400)),
        lambda one: NOW - timedelta(days=400) <= _started(one) < LONG_AGO,
    ),
    "dismissed": (Filter(started_by_dismissed=True), lambda one: one["started_by"] in DISMISSED),
    "dismissed or the system": (
        Filter(started_by=frozenset({0}), started_by_dismissed=True),
        lambda one: one["started_by"] in DISMISSED | {0},
    ),
    "waits for two": (
        Filter(waits_for=frozenset({1, 12})),
        lambda one: not {1, 12}.isdisjoint(one["waits_for"]),
    ),
    "waits for dismissed": (
        Filter(waits_for_dismissed=True),
        lambda one: not DISMISSED.isdisjoint(one["waits_for"]),
    ),
    "automation rules": (Filter(origin=Origin.RULES), lambda one: one["template_id"] not in LISTED),
    "workflows": (Filter(origin=Origin.WORKFLOWS), lambda one: one["template_id"] in LISTED),
    "a rule among templates": (
        Filter(origin=Origin.RULES, templates=frozenset({11, 31, 35})),
        lambda one: one["template_id"] in {11, 31, 35} - LISTED,
    ),
    "everything of everything": (
        Filter(
            origin=Origin.WORKFLOWS,
            waits_for_dismissed=True,
            started_by_dismissed=True,
            started_before=LONG_AGO,
        ),
        lambda one: (
            one["template_id"] in LISTED
            and not DISMISSED.isdisjoint(one["waits_for"])
            and one["started_by"] in DISMISSED
            and _started(one) < LONG_AGO
        ),
    ),
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


def test_the_cases_know_the_sandbox(sandbox: Sandbox) -> None:
    portal = sandbox.portal()

    assert {user["id"] for user in portal["users"] if not user["active"]} == DISMISSED
    assert {template["id"] for template in portal["templates"] if template["listed"]} == LISTED
    for name, (_, meets) in CASES.items():
        if name != "everything of everything":
            assert _recorded(sandbox, meets), name


def test_who_was_dismissed_a_moment_ago_counts(sandbox: Sandbox) -> None:
    meant = Filter(started_by_dismissed=True)
    _found(meant)
    sandbox.control("POST", "/portals/1/users/5", active=False)

    assert _found(meant) == _recorded(sandbox, lambda one: one["started_by"] in DISMISSED | {5})


def test_to_ask_again_who_was_dismissed_costs_one_request(sandbox: Sandbox) -> None:
    """Everybody who started something is known by then, and is asked for by number."""
    _found(Filter(started_by_dismissed=True))
    sandbox.forget()
    resolving.resolve(_client(), Portal.objects.get(), Filter(started_by_dismissed=True))

    assert len(sandbox.asked("portal")) == 1


def test_many_people_and_many_tasks_are_all_found(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", count=700, task_users=[6], with_task=True)
    sandbox.control("POST", "/portals/1/workflows", count=60, task_users=[7, 8], with_task=True)

    assert _found(Filter(waits_for=frozenset({7}))) == _recorded(sandbox, lambda one: 7 in one["waits_for"])
    assert _found(Filter(waits_for_dismissed=True)) == _recorded(
        sandbox, lambda one: not DISMISSED.isdisjoint(one["waits_for"])
    )


@pytest.mark.parametrize("method", ["user.get", "bizproc.task.list", "bizproc.workflow.template.list"])
def test_what_cannot_be_known_is_an_error_and_no_wider_list(sandbox: Sandbox, method: str) -> None:
    sandbox.fault(kind="operating", method=method)
    meant = {
        "user.get": Filter(started_by_dismissed=True),
        "bizproc.task.list": Filter(waits_for=frozenset({1})),
        "bizproc.workflow.template.list": Filter(origin=Origin.WORKFLOWS),
    }[method]

    with pytest.raises(BitrixError):
        _found(meant)


def test_one_document_is_not_another_that_a_wildcard_would_match(sandbox: Sandbox) -> None:
    for document_id in ("DEAL_77001", "DEALX77001", "DEAL_770011"):
        sandbox.control("POST", "/portals/1/workflows", document_id=document_id, template_id=11)
    (wanted,) = _recorded(sandbox, lambda one: one["document_id"] == "DEAL_77001")

    assert _found(Filter(documents=frozenset({"DEAL_77001"}))) == {wanted}


def test_a_server_that_ignores_a_key_lists_more_and_nothing_of_it_is_taken(sandbox: Sandbox) -> None:
    """As published servers do with keys they do not know: here because no key is asked for."""

    class Deaf(Filter):
        def question(self, now: datetime, known: Known = NOTHING_KNOWN) -> dict[str, Any]:
            return {"UNKNOWN_KEY": 1, "=TEMPLATE_ID": 11}

    assert _found(Deaf(templates=frozenset({11}))) == _recorded(sandbox, lambda one: one["template_id"] == 11)


def test_the_portal_is_asked_with_the_oldest_operators_and_upper_case_names_only() -> None:
    known = Known(frozenset(LISTED), frozenset(DISMISSED), frozenset({"a.1", "b.2"}))
    for meant, _ in CASES.values():
        for key in meant.question(NOW, known):
            sign = key.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
            assert sign in {"", "!", "<=", ">="}, key
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
    assert [len(asked) for asked in lists] == [2, 50, 12], "the largest ID with the first page"


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
