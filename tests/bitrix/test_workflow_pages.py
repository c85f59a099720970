"""A page of running workflows: one request where the portal allows it, and rows even without names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bxapp.bitrix.errors import RightsLost, Unheard
from bxapp.bitrix.methods import Person, WorkflowPage, workflow_page
from tests.bitrix.peer import page as html
from tests.bitrix.peer import says
from tests.bitrix.test_instances import ROW

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client
    from tests.bitrix.peer import Peer, Told

ROWS = [
    ROW | {"ID": "a.1", "STARTED_BY": "15", "TEMPLATE_ID": "7"},
    ROW | {"ID": "b.2", "STARTED_BY": "0", "TEMPLATE_ID": "8"},
]
NAMES: dict[str, Any] = {
    "open_tasks0": [
        {
            "WORKFLOW_ID": "a.1",
            "DOCUMENT_NAME": "Deal",
            "WORKFLOW_TEMPLATE_ID": "8",
            "WORKFLOW_TEMPLATE_NAME": "Bot",
        }
    ],
    "tasks0": [
        {"WORKFLOW_ID": "b.2", "DOCUMENT_NAME": " Lead "},
        {"WORKFLOW_ID": "z.9", "DOCUMENT_NAME": "?"},
    ],
    "people": [{"ID": "15", "NAME": "Anna", "LAST_NAME": "Öz", "ACTIVE": True}],
    "templates": [{"ID": "7", "NAME": "Approval"}],
}
FOUND = {"probe": [{"ID": "a.1"}]}


def batch(results: dict[str, Any], errors: dict[str, Any] | None = None, total: object = 2) -> Told:
    whole: dict[str, Any] = {"result": results, "result_error": errors or [], "result_total": {"rows": total}}
    return says({"result": whole})


def show(client: Client) -> WorkflowPage:
    return workflow_page(client, 1, "started", descending=True)


def commands(peer: Peer, request: int = 0) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    texts = {key: urlsplit(text) for key, text in peer.heard[request].json["cmd"].items()}
    return {key: (text.path, parse_qsl(text.query)) for key, text in texts.items()}


def test_rows_and_names_come_in_one_request(client: Client, peer: Peer) -> None:
    peer.tells(batch({"rows": ROWS, **NAMES, **FOUND}, total="120"))

    page = show(client)

    assert [instance.id for instance in page.instances] == ["a.1", "b.2"]
    assert page.total == 120
    assert page.document_names == {"a.1": "Deal", "b.2": "Lead"}
    assert page.people == {15: Person("Anna Öz", is_active=True)}
    assert page.templates == {7: "Approval", 8: "Bot"}
    assert len(peer.heard) == 1


def test_what_is_asked_for(client: Client, peer: Peer) -> None:
    peer.tells(batch({"rows": []}))

    workflow_page(client, 3, "modified", descending=False, page_size=20)

    asked = commands(peer)
    assert next(iter(asked)) == "rows"
    method, params = asked["rows"]
    assert method == "bizproc.workflow.instances"
    assert ("order[MODIFIED]", "ASC") in params
    assert ("start", "40") in params
    assert {method for method, _ in asked.values()} == {
        "bizproc.workflow.instances",
        "bizproc.task.list",
        "user.get",
        "bizproc.workflow.template.list",
    }


def test_no_reference_stands_alone(client: Client, peer: Peer) -> None:
    """A parameter that is nothing but a reference becomes an array where the reference leads nowhere."""
    peer.tells(batch({"rows": []}))

    show(client)

    references = [value for _, params in commands(peer).values() for _, value in params if "$" in value]
    assert len(references) > 150
    assert not [value for value in references if re.fullmatch(r"\$\S+", value)]
    numbers = [value for value in references if "[ID]" not in value]
    assert all(re.fullmatch(r"0\$result\[rows\]\[\d+\]\[[A-Z_]+\]", value) for value in numbers)


def test_a_database_that_minds_a_blank_is_asked_again_for_document_names(client: Client, peer: Peer) -> None:
    peer.tells(
        batch({"rows": ROWS, "people": NAMES["people"], "templates": NAMES["templates"], "probe": []}),
        batch({"open_tasks0": NAMES["open_tasks0"], "tasks0": NAMES["tasks0"]}),
    )

    page = show(client)

    assert page.document_names == {"a.1": "Deal", "b.2": "Lead"}
    assert page.people
    again = commands(peer, 1)
    assert set(again) == {"open_tasks0", "open_tasks50", "tasks0", "tasks50"}
    assert ("filter[WORKFLOW_ID][1]", "b.2") in again["tasks0"][1]


def test_people_that_the_references_do_not_find_are_asked_for_by_number(client: Client, peer: Peer) -> None:
    peer.tells(batch({"rows": ROWS, "people": [], **FOUND}), batch({"people": NAMES["people"]}))

    assert show(client).people == {15: Person("Anna Öz", is_active=True)}
    assert ("filter[ID][0]", "15") in commands(peer, 1)["people"][1]


@pytest.mark.parametrize(
    "error",
    [
        {"error": "insufficient_scope"},
        {"error": "ERROR_METHOD_NOT_FOUND"},
        {"error": "OPERATION_TIME_LIMIT"},
        "X",
    ],
)
def test_names_that_cannot_be_had_are_missing(client: Client, peer: Peer, error: object) -> None:
    refused = dict.fromkeys(
        ["open_tasks0", "open_tasks50", "tasks0", "tasks50", "people", "templates", "probe"], error
    )
    peer.tells(batch({"rows": ROWS}, refused), batch({}, refused))

    page = show(client)

    assert len(page.instances) == 2
    assert (page.document_names, page.people, page.templates) == ({}, {}, {})


@pytest.mark.parametrize("nonsense", [None, "x", 5, [None, "x", 5], [{}], {"a": {"ID": []}}])
def test_names_of_another_shape_are_missing(client: Client, peer: Peer, nonsense: object) -> None:
    peer.tells(batch({"rows": ROWS, **dict.fromkeys(NAMES, nonsense)}))
    page = show(client)
    assert (page.document_names, page.people, page.templates) == ({}, {}, {})


@pytest.mark.parametrize(("active", "is_active"), [(True, True), ("Y", True), (False, False), ("N", False)])
def test_a_dismissed_person_is_not_active(
    client: Client, peer: Peer, active: object, is_active: bool
) -> None:
    peer.tells(batch({"rows": ROWS, **FOUND, "people": [{"ID": 15, "NAME": None, "ACTIVE": active}]}))
    assert show(client).people == {15: Person("", is_active)}


def test_rows_without_a_usable_id_are_counted(client: Client, peer: Peer) -> None:
    peer.tells(batch({"rows": [*ROWS, {"ID": ""}, {"MODIFIED": None}, {"ID": "a b"}], **FOUND}, total=None))

    page = show(client)

    assert len(page.instances) == 2
    assert page.unreadable == 3
    assert page.total == 2


def test_an_empty_portal_is_asked_once(client: Client, peer: Peer) -> None:
    peer.tells(batch({"rows": []}, total=0))
    assert show(client) == WorkflowPage(instances=(), total=0)
    assert len(peer.heard) == 1


def test_names_that_take_the_batch_down_do_not_take_the_rows(client: Client, peer: Peer) -> None:
    peer.tells(html(500), says({"result": ROWS, "total": 2}))

    page = show(client)

    assert (len(page.instances), page.total, page.document_names) == (2, 2, {})
    assert peer.paths == ["/rest/batch", "/rest/bizproc.workflow.instances"]


def test_a_second_request_that_fails_costs_names_only(client: Client, peer: Peer) -> None:
    peer.tells(batch({"rows": ROWS, "people": NAMES["people"]}), says({"error": "QUERY_LIMIT_EXCEEDED"}, 503))

    page = show(client)

    assert len(page.instances) == 2
    assert page.people
    assert page.document_names == {}


def test_rows_that_are_refused_or_no_list_are_an_error(client: Client, peer: Peer) -> None:
    denied = {"rows": {"error": "ACCESS_DENIED", "error_description": "Access denied!"}}
    no_lists: list[Any] = ["x", {"error": "maintenance"}, {"workflows": ROWS}, [*ROWS, None]]
    peer.tells(batch({}, denied), *(batch({"rows": one}) for one in no_lists), html(502))

    with pytest.raises(RightsLost):
        show(client)
    for _ in range(len(no_lists) + 1):
        with pytest.raises(Unheard):
            show(client)
