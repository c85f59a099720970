"""Which workflows run: rows are read tolerantly, and never believed without a look at what was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from bxapp.bitrix.errors import MethodFailed, OperatingLimited, RightsLost, Unheard
from bxapp.bitrix.methods import Instance, likely_id, named, read_instance, running
from bxapp.bitrix.methods.instances import FIELDS
from tests.bitrix.peer import says

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client
    from tests.bitrix.peer import Heard, Peer, Told

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
ROW: dict[str, Any] = {
    "ID": "65e5a449e8f135.21284909",
    "MODIFIED": "2026-03-04T12:00:00+03:00",
    "OWNED_UNTIL": None,
    "MODULE_ID": "crm",
    "ENTITY": "CCrmDocumentDeal",
    "DOCUMENT_ID": "DEAL_1633",
    "STARTED": "2026-03-01T12:00:00+03:00",
    "STARTED_BY": "15",
    "TEMPLATE_ID": "7",
}


def read(**changes: object) -> Instance:
    instance = read_instance(ROW | changes)
    assert instance is not None
    return instance


def test_a_row_is_read() -> None:
    assert read() == Instance(
        id="65e5a449e8f135.21284909",
        modified=NOW,
        owned_until=None,
        module_id="crm",
        entity="CCrmDocumentDeal",
        document_id="DEAL_1633",
        started=datetime(2026, 3, 1, 9, tzinfo=UTC),
        started_by=15,
        template_id=7,
    )


def test_a_row_with_an_id_only_is_still_a_workflow() -> None:
    instance = read_instance({"ID": "a.1"})

    assert instance is not None
    assert (instance.started, instance.started_by, instance.template_id) == (None, 0, 0)
    assert not instance.is_complete
    assert not instance.is_ghost


@pytest.mark.parametrize("broken", ["soon", 5, [], {}, True])
def test_broken_fields_count_as_absent(broken: object) -> None:
    instance = read(MODIFIED=broken, OWNED_UNTIL=broken, STARTED=broken)
    assert (instance.modified, instance.owned_until, instance.started) == (None, None, None)
    assert read(STARTED_BY="x", TEMPLATE_ID=None, ENTITY=[]).template_id == 0


@pytest.mark.parametrize("workflow_id", [None, "", "0", "a b", "a\nb", "a\0", [], {}, True, 1.5, 129 * "x"])
def test_a_row_without_a_usable_id_is_unreadable(workflow_id: object) -> None:
    assert read_instance(ROW | {"ID": workflow_id}) is None


def test_a_number_is_an_id_too() -> None:
    assert read(ID=65).id == "65"


@pytest.mark.parametrize(
    ("owned_until", "executing", "hung"),
    [
        (None, False, False),
        (NOW + timedelta(minutes=5), True, False),
        (NOW - timedelta(minutes=1), False, False),
        (NOW - timedelta(minutes=6), False, True),
    ],
)
def test_the_lock_tells_executing_from_hung(
    owned_until: datetime | None, executing: bool, hung: bool
) -> None:
    instance = read(OWNED_UNTIL=owned_until.isoformat() if owned_until else None)
    assert (instance.is_executing(NOW), instance.is_hung(NOW)) == (executing, hung)


GHOST = {"MODULE_ID": "", "ENTITY": "", "DOCUMENT_ID": "", "TEMPLATE_ID": "0", "STARTED_BY": "0"}


def test_a_row_without_document_and_template_is_a_ghost() -> None:
    assert read(**GHOST).is_ghost
    assert read(**dict.fromkeys(GHOST)).is_ghost


@pytest.mark.parametrize("name", list(GHOST))
def test_a_row_with_anything_of_a_workflow_is_no_ghost(name: str) -> None:
    assert not read(**(GHOST | {name: ROW[name]})).is_ghost


# --- running ---------------------------------------------------------------------------------------------


def listed(ids: list[str]) -> list[dict[str, Any]]:
    return [ROW | {"ID": workflow_id} for workflow_id in ids]


def portal(running_ids: set[str]) -> Any:
    """A portal's side: answers single calls and batches about the given workflows."""

    def answer(heard: Heard) -> Told:
        if heard.path.endswith("/batch"):
            results = {}
            for key, command in heard.json["cmd"].items():
                pairs = parse_qsl(command.partition("?")[2])
                asked = [value for name, value in pairs if name.startswith("filter[")]
                results[key] = listed(sorted(running_ids & set(asked)))
            return says({"result": {"result": results, "result_error": []}})
        where = heard.json["filter"]
        asked = where.get("ID") or [where[">=ID"]]
        return says({"result": listed(sorted(running_ids & set(asked))), "total": 10**6})

    return answer


def test_nothing_asked_nothing_sent(client: Client, peer: Peer) -> None:
    assert running(client, []) == {}
    assert peer.heard == []


def test_one_id_is_asked_for_exactly(client: Client, peer: Peer) -> None:
    peer.answer = portal({"a_1"})

    assert set(running(client, ["a_1"])) == {"a_1"}

    (heard,) = peer.heard
    assert heard.path == "/rest/bizproc.workflow.instances"
    assert heard.json["filter"] == {">=ID": "a_1", "<=ID": "a_1"}
    assert heard.json["select"] == list(FIELDS)


def test_several_ids_are_one_plain_call(client: Client, peer: Peer) -> None:
    peer.answer = portal({"a", "c"})

    assert set(running(client, ["a", "b", "c", "a"])) == {"a", "c"}

    (heard,) = peer.heard
    assert heard.json["filter"] == {"ID": ["a", "b", "c"]}


def test_many_ids_are_several_commands_of_one_request(client: Client, peer: Peer) -> None:
    ids = [f"w{place:04}" for place in range(120)]
    peer.answer = portal(set(ids[::3]))

    assert list(running(client, ids)) == ids[::3]

    (heard,) = peer.heard
    assert heard.path == "/rest/batch"
    assert len(heard.json["cmd"]) == 3


def test_very_many_ids_are_several_requests(client: Client, peer: Peer) -> None:
    ids = [f"w{place:04}" for place in range(2501)]
    peer.answer = portal(set(ids))

    assert list(running(client, ids)) == ids
    assert peer.paths == ["/rest/batch", "/rest/bizproc.workflow.instances"]


def test_rows_may_come_as_an_object(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": {"0": ROW | {"ID": "a"}, "3": ROW | {"ID": "b"}}}))
    assert set(running(client, ["a", "b"])) == {"a", "b"}


@pytest.mark.parametrize("row", [ROW, {"MODIFIED": None}, ROW | {"ID": None}, ROW | {"ID": "A"}])
def test_a_row_that_was_not_asked_for_makes_the_list_worthless(
    client: Client, peer: Peer, row: dict[str, Any]
) -> None:
    peer.tells(says({"result": [ROW | {"ID": "a"}, row]}))
    with pytest.raises(MethodFailed, match="UNFILTERED"):
        running(client, ["a", "b"])


def test_of_a_part_of_a_list_nobody_is_missing(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": [ROW | {"ID": "a"}], "next": 50, "total": 51}))
    with pytest.raises(Unheard, match="part of the list"):
        running(client, ["a", "b"])

    ids = [f"w{place:02}" for place in range(60)]
    commands = {"result": {"ids0": [], "ids1": []}, "result_error": [], "result_next": {"ids1": 50}}
    peer.tells(says({"result": commands}))
    with pytest.raises(Unheard, match="part of the list"):
        running(client, ids)


def test_what_a_person_typed_is_found_in_the_portals_own_case(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": [ROW | {"ID": "a.1"}]}))

    found = named(client, ["A.1", "b.1", "a.1"])

    assert {typed: instance.id for typed, instance in found.items()} == {"A.1": "a.1", "a.1": "a.1"}


def test_a_portal_that_tells_cases_apart_means_what_was_typed(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": [ROW | {"ID": "a.1"}, ROW | {"ID": "A.1"}]}))

    found = named(client, ["A.1", "a.1"])

    assert {typed: instance.id for typed, instance in found.items()} == {"A.1": "A.1", "a.1": "a.1"}


def test_another_case_is_all_that_may_differ(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": [ROW | {"ID": "a.1"}, ROW | {"ID": "c.1"}]}))
    with pytest.raises(MethodFailed, match="UNFILTERED"):
        named(client, ["A.1", "b.1"])


@pytest.mark.parametrize(
    ("typed", "likely"),
    [
        ("65E5A449E8F135.21284909", "65e5a449e8f135.21284909"),
        ("65e5a449e8f135.21284909", "65e5a449e8f135.21284909"),
        ("6B084F393A4C9.17205997", "6b084f393a4c9.17205997"),
        ("Own-ID", "Own-ID"),
        ("65E5A449X.1", "65E5A449X.1"),
    ],
)
def test_ids_are_made_of_small_letters(typed: str, likely: str) -> None:
    assert likely_id(typed) == likely


NO_LISTS: list[Any] = [
    None,
    True,
    "list",
    0,
    {},
    {"error": "maintenance"},
    {"workflows": [ROW | {"ID": "a"}]},
    {"0": ROW | {"ID": "a"}, "more": ROW | {"ID": "b"}},
    {"0": None},
    ["a"],
    [None],
    [ROW | {"ID": "a"}, None],
    [[ROW | {"ID": "a"}]],
]


@pytest.mark.parametrize("result", NO_LISTS)
def test_what_is_no_list_proves_nothing(client: Client, peer: Peer, result: object) -> None:
    peer.tells(says({"result": result}))
    with pytest.raises(Unheard):
        running(client, ["a", "b"])


@pytest.mark.parametrize("result", NO_LISTS)
def test_one_command_without_a_list_leaves_nothing_known(client: Client, peer: Peer, result: object) -> None:
    ids = [f"w{place}" for place in range(60)]
    told = {"ids0": listed(ids[:50]), "ids1": result}
    peer.tells(says({"result": {"result": told, "result_error": []}}))
    with pytest.raises(Unheard):
        running(client, ids)


def test_an_empty_list_is_one(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": [], "total": 0}))
    assert running(client, ["a", "b"]) == {}


def test_a_refusal_is_raised(client: Client, peer: Peer) -> None:
    peer.tells(says({"error": "ACCESS_DENIED", "error_description": "Access denied!"}, 403))
    with pytest.raises(RightsLost):
        running(client, ["a", "b"])


def test_one_refused_command_leaves_nothing_known(client: Client, peer: Peer) -> None:
    refused = {"ids1": {"error": "OPERATION_TIME_LIMIT", "error_description": "blocked"}}
    peer.tells(says({"result": {"result": {"ids0": []}, "result_error": refused}}))
    with pytest.raises(OperatingLimited):
        running(client, [f"w{place}" for place in range(60)])
