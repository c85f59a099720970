"""Stopping workflows: one batch, or plain calls where a batch might alter the text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from bxapp.bitrix.errors import (
    Halted,
    MethodFailed,
    OperatingLimited,
    RateLimited,
    RightsLost,
    Unheard,
)
from bxapp.bitrix.methods import terminate
from tests.bitrix.peer import Told, page, says

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client
    from tests.bitrix.peer import Peer

NOT_FOUND = {"error": "", "error_description": "The business process is not found."}
LIMITED = {"error": "OPERATION_TIME_LIMIT", "error_description": "blocked"}
ODD_TEXT = "see $result[stop0]"


def test_a_single_workflow_is_the_documented_plain_call(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": True}))

    endings = terminate(client, ["65e5a449e8f135.21284909"], "Terminated by rest app.")

    assert endings == {"65e5a449e8f135.21284909": True}
    (heard,) = peer.heard
    assert heard.path == "/rest/bizproc.workflow.terminate"
    assert heard.json == {
        "ID": "65e5a449e8f135.21284909",
        "STATUS": "Terminated by rest app.",
        "auth": "first-access-token",
    }


def test_several_are_one_batch(client: Client, peer: Peer) -> None:
    peer.tells(
        says(
            {
                "result": {
                    "result": {"stop0": True},
                    "result_error": {"stop1": NOT_FOUND, "stop2": LIMITED},
                    "result_time": {"stop0": {"operating": 481, "operating_reset_at": 1767225600}},
                }
            }
        )
    )

    endings = terminate(client, ["a.1", "b.2", "c.3"], "Ж & 🙂")

    assert endings["a.1"] is True
    assert isinstance(endings["b.2"], MethodFailed)
    assert isinstance(endings["c.3"], OperatingLimited)
    assert endings["c.3"].reset_at is not None
    (heard,) = peer.heard
    commands = [urlsplit(command) for command in heard.json["cmd"].values()]
    assert {command.path for command in commands} == {"bizproc.workflow.terminate"}
    assert [parse_qsl(command.query) for command in commands] == [
        [("ID", workflow_id), ("STATUS", "Ж & 🙂")] for workflow_id in ("a.1", "b.2", "c.3")
    ]


def test_each_workflow_may_have_a_text_of_its_own(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": {"result": {"stop0": True, "stop1": True}}}))

    endings = terminate(client, ["a.1", "b.2"], {"b.2": "about b", "a.1": "about a"})

    assert endings == {"a.1": True, "b.2": True}
    (heard,) = peer.heard
    assert [parse_qsl(urlsplit(command).query) for command in heard.json["cmd"].values()] == [
        [("ID", "a.1"), ("STATUS", "about a")],
        [("ID", "b.2"), ("STATUS", "about b")],
    ]


def test_one_text_that_a_batch_might_alter_sends_all_in_plain_calls(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": True}), says({"result": True}))

    terminate(client, ["a.1", "b.2"], {"a.1": "plain", "b.2": ODD_TEXT})

    assert [heard.json["STATUS"] for heard in peer.heard] == ["plain", ODD_TEXT]


def test_false_is_a_failure(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": False}))
    assert isinstance(terminate(client, ["a.1"], "x")["a.1"], MethodFailed)


@pytest.mark.parametrize("result", [None, [], "no", "true", {}, 0, 1])
@pytest.mark.parametrize("is_batch", [False, True])
def test_what_is_neither_true_nor_false_tells_nothing(
    client: Client, peer: Peer, result: object, is_batch: bool
) -> None:
    peer.tells(
        says({"result": {"result": {"stop0": result, "stop1": True}}} if is_batch else {"result": result})
    )

    endings = terminate(client, ["a.1", "b.2"] if is_batch else ["a.1"], "x")

    ending = endings["a.1"]
    assert isinstance(ending, Unheard)
    # With a code it would be the portal's own error.
    assert ending.code == ""


@pytest.mark.parametrize("told", [page(500), Told(cut=True)])
def test_a_batch_that_nobody_heard_is_raised(client: Client, peer: Peer, told: Told) -> None:
    peer.tells(told)
    with pytest.raises(Unheard):
        terminate(client, ["a.1", "b.2"], "x")
    assert len(peer.heard) == 1


def test_a_single_error_of_the_method_is_told(client: Client, peer: Peer) -> None:
    peer.tells(says(NOT_FOUND, 400))
    ending = terminate(client, ["a.1"], "x")["a.1"]
    assert isinstance(ending, MethodFailed)
    assert ending.words == "The business process is not found."


def test_a_text_that_a_batch_might_alter_goes_in_plain_calls(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": True}), says(NOT_FOUND, 400), says({"result": True}))

    endings = terminate(client, ["a.1", "b.2", "c.3"], ODD_TEXT)

    assert endings["a.1"] is True
    assert isinstance(endings["b.2"], MethodFailed)
    assert endings["c.3"] is True
    assert peer.paths == ["/rest/bizproc.workflow.terminate"] * 3
    assert {heard.json["STATUS"] for heard in peer.heard} == {ODD_TEXT}


@pytest.mark.parametrize(
    ("told", "error"),
    [(page(500), Unheard), (Told(cut=True), Unheard), (says({"error": "QUERY_LIMIT_EXCEEDED"}), RateLimited)],
)
def test_a_plain_call_that_fails_ends_the_series(
    client: Client, peer: Peer, told: Told, error: type[Exception]
) -> None:
    peer.tells(says({"result": True}), told)

    endings = terminate(client, ["a.1", "b.2", "c.3"], ODD_TEXT)

    assert endings["a.1"] is True
    assert isinstance(endings["b.2"], error)
    assert isinstance(endings["c.3"], Halted)
    assert len(peer.heard) == 2


def test_a_first_plain_call_that_fails_is_raised(client: Client, peer: Peer) -> None:
    peer.tells(says({"error": "ACCESS_DENIED", "error_description": "Access denied!"}, 403))
    with pytest.raises(RightsLost):
        terminate(client, ["a.1", "b.2"], ODD_TEXT)


@pytest.mark.parametrize("ids", [[], ["a", "a"], [f"w{place}" for place in range(51)]])
def test_what_no_batch_holds_is_not_sent(client: Client, peer: Peer, ids: list[str]) -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        terminate(client, ids, "x")
    assert peer.heard == []
