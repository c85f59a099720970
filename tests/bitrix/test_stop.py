"""Stopping workflows: a single one by a plain call, several in one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from bxapp.bitrix.errors import MethodFailed, OperatingLimited, RateLimited, RightsLost, Unheard
from bxapp.bitrix.methods import stop
from tests.bitrix.peer import Told, page, says

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client
    from tests.bitrix.peer import Peer

NOT_FOUND = {"error": "", "error_description": "The business process is not found."}
LIMITED = {"error": "OPERATION_TIME_LIMIT", "error_description": "blocked"}
ODD_TEXT = "see $result[stop0]"


def test_a_single_workflow_is_the_documented_plain_call(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": True}))

    endings = stop(client, {"65e5a449e8f135.21284909": "Terminated by rest app."}).endings

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

    endings = stop(client, dict.fromkeys(["a.1", "b.2", "c.3"], "Ж & 🙂")).endings

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

    endings = stop(client, {"a.1": "about a", "b.2": "about b"}).endings

    assert endings == {"a.1": True, "b.2": True}
    (heard,) = peer.heard
    assert [parse_qsl(urlsplit(command).query) for command in heard.json["cmd"].values()] == [
        [("ID", "a.1"), ("STATUS", "about a")],
        [("ID", "b.2"), ("STATUS", "about b")],
    ]


def test_false_is_a_failure(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": False}))
    assert isinstance(stop(client, {"a.1": "x"}).endings["a.1"], MethodFailed)


@pytest.mark.parametrize("result", [None, [], "no", "true", {}, 0, 1])
@pytest.mark.parametrize("is_batch", [False, True])
def test_what_is_neither_true_nor_false_tells_nothing(
    client: Client, peer: Peer, result: object, is_batch: bool
) -> None:
    peer.tells(
        says({"result": {"result": {"stop0": result, "stop1": True}}} if is_batch else {"result": result})
    )

    endings = stop(client, {"a.1": "x", "b.2": "x"} if is_batch else {"a.1": "x"}).endings

    ending = endings["a.1"]
    assert isinstance(ending, Unheard)
    # With a code it would be the portal's own error.
    assert ending.code == ""


@pytest.mark.parametrize("told", [page(500), Told(cut=True)])
def test_a_batch_that_nobody_heard_is_raised(client: Client, peer: Peer, told: Told) -> None:
    peer.tells(told)
    with pytest.raises(Unheard):
        stop(client, {"a.1": "x", "b.2": "x"})
    assert len(peer.heard) == 1


def test_a_single_error_of_the_method_is_told(client: Client, peer: Peer) -> None:
    peer.tells(says(NOT_FOUND, 400))
    ending = stop(client, {"a.1": "x"}).endings["a.1"]
    assert isinstance(ending, MethodFailed)
    assert ending.words == "The business process is not found."


def test_a_text_that_a_batch_might_alter_leaves_a_plain_call_as_it_is(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": True}))

    assert stop(client, {"a.1": ODD_TEXT}).endings == {"a.1": True}

    assert peer.paths == ["/rest/bizproc.workflow.terminate"]
    assert peer.heard[0].json["STATUS"] == ODD_TEXT


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (page(500), Unheard),
        (Told(cut=True), Unheard),
        (says({"error": "QUERY_LIMIT_EXCEEDED"}), RateLimited),
        (says({"error": "ACCESS_DENIED", "error_description": "Access denied!"}, 403), RightsLost),
    ],
)
def test_a_single_call_that_was_refused_or_unheard_is_raised(
    client: Client, peer: Peer, told: Told, error: type[Exception]
) -> None:
    peer.tells(told)
    with pytest.raises(error):
        stop(client, {"a.1": "x"})
    assert len(peer.heard) == 1


@pytest.mark.parametrize("count", [0, 51])
def test_what_no_batch_holds_is_not_sent(client: Client, peer: Peer, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        stop(client, {f"w{place}": "x" for place in range(count)})
    assert peer.heard == []
