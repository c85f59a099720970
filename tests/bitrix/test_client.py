"""One call is one HTTP request: token in the body, renewed once, redirects only where they are confirmed."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from bxapp.bitrix.answers import Answer
from bxapp.bitrix.client import Client, Command, Exchange
from bxapp.bitrix.errors import (
    BitrixError,
    GrantRefused,
    MethodFailed,
    PortalMoved,
    RateLimited,
    RefreshNeeded,
    RightsLost,
    Unheard,
)
from tests.bitrix.peer import Told, page, says
from tests.bitrix.portal import eventually

if TYPE_CHECKING:
    import requests

    from tests.bitrix.conftest import Tokens
    from tests.bitrix.peer import Peer

EXPIRED = says({"error": "expired_token", "error_description": "The access token has expired."}, 401)


def test_it_works(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": {"ID": "1"}, "time": {"finish": 5.5}}))

    answer = client.call("profile")

    assert answer.result == {"ID": "1"}
    assert answer.time is not None
    assert answer.time.finish == 5.5
    (heard,) = peer.heard
    assert (heard.verb, heard.path) == ("POST", "/rest/profile")
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.json == {"auth": "first-access-token"}


def test_parameters_go_as_json_and_the_token_in_the_body_only(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": True}))

    client.call("bizproc.workflow.terminate", {"ID": "65e5a449e8f135.21284909", "STATUS": "Ж 🙂 </b>\n"})

    (heard,) = peer.heard
    assert heard.json == {
        "ID": "65e5a449e8f135.21284909",
        "STATUS": "Ж 🙂 </b>\n",
        "auth": "first-access-token",
    }
    assert "first-access-token" not in heard.path + str(heard.headers)


def test_an_expired_token_is_renewed_and_the_call_repeated_once(
    client: Client, peer: Peer, tokens: Tokens
) -> None:
    peer.tells(EXPIRED, says({"result": 1}))

    assert client.call("profile").result == 1

    assert tokens.refused == ["first-access-token"]
    assert [heard.json["auth"] for heard in peer.heard] == ["first-access-token", "second-access-token"]


def test_a_second_refusal_is_raised(client: Client, peer: Peer, tokens: Tokens) -> None:
    peer.tells(EXPIRED)

    with pytest.raises(RefreshNeeded):
        client.call("profile")

    assert len(peer.heard) == 2
    assert len(tokens.refused) == 1


def test_a_refused_renewal_is_raised(peer: Peer, http: requests.Session) -> None:
    class Spent:
        def access_token(self) -> str:
            return "spent-access-token"

        def renewed(self, refused: str) -> str:
            raise GrantRefused("invalid_grant", "")

    peer.tells(EXPIRED)
    with pytest.raises(GrantRefused):
        Client(peer.endpoint, Spent(), http=http).call("profile")
    assert len(peer.heard) == 1


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (says({"error": "invalid_token"}, 401), BitrixError),
        (says({"error": "ACCESS_DENIED", "error_description": "Access denied!"}, 403), RightsLost),
        (says({"error": "QUERY_LIMIT_EXCEEDED"}, 503), RateLimited),
        (says({"error": "", "error_description": "Nicht gefunden."}, 400), MethodFailed),
        (page(500), Unheard),
        (page(200), Unheard),
        (Told(), Unheard),
        (Told(cut=True), Unheard),
    ],
)
def test_other_failures_are_raised_and_nothing_is_repeated(
    client: Client, peer: Peer, told: Told, error: type[BitrixError]
) -> None:
    peer.tells(told)
    with pytest.raises(error):
        client.call("profile")
    assert len(peer.heard) == 1


def test_an_incoming_webhooks_address_needs_no_token_and_is_a_secret(
    peer: Peer, http: requests.Session, tokens: Tokens
) -> None:
    tokens.current = ""
    exchanges: list[Exchange] = []
    address = f"{peer.endpoint}1/webhook0secret/"
    client = Client(address, tokens, http=http, recorder=exchanges.append)
    peer.tells(says({"result": True}))

    client.call("bizproc.workflow.terminate", {"ID": "a.1"})

    (heard,) = peer.heard
    assert heard.path == "/rest/1/webhook0secret/bizproc.workflow.terminate"
    assert heard.json == {"ID": "a.1"}
    assert "webhook0secret" not in repr(client) + repr(exchanges)


# --- Batches ---------------------------------------------------------------------------------------------


def test_a_batch_is_one_request(client: Client, peer: Peer) -> None:
    peer.tells(
        says(
            {
                "result": {
                    "result": {"me": {"ID": "1"}},
                    "result_error": {"stop": {"error": "", "error_description": "Not found."}},
                    "result_total": [],
                    "result_next": [],
                    "result_time": {"me": {"finish": 2.5}},
                }
            }
        )
    )

    answers = client.batch(
        {
            "me": Command("profile"),
            "stop": Command("bizproc.workflow.terminate", {"ID": "a.1", "STATUS": "x & y"}),
        }
    ).answers

    assert isinstance(answers["me"], Answer)
    assert isinstance(answers["stop"], MethodFailed)
    (heard,) = peer.heard
    assert heard.path == "/rest/batch"
    assert heard.json["halt"] == 0
    assert heard.json["cmd"]["me"] == "profile"
    command = urlsplit(heard.json["cmd"]["stop"])
    assert command.path == "bizproc.workflow.terminate"
    assert parse_qs(command.query) == {"ID": ["a.1"], "STATUS": ["x & y"]}


def test_a_batch_with_an_expired_token_is_repeated_whole(client: Client, peer: Peer) -> None:
    peer.tells(EXPIRED, says({"result": {"result": {"me": 1}, "result_error": []}}))

    answer = client.batch({"me": Command("profile")}).answers["me"]

    assert isinstance(answer, Answer)
    assert [heard.json["cmd"] for heard in peer.heard] == [{"me": "profile"}] * 2


@pytest.mark.parametrize("keys", [[], ["0"], ["a b"], ["a[0]"], [f"c{place}" for place in range(51)]])
def test_a_batch_that_no_portal_takes_is_not_sent(client: Client, peer: Peer, keys: list[str]) -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        client.batch({key: Command("profile") for key in keys})
    assert peer.heard == []


# --- Redirects -------------------------------------------------------------------------------------------


def test_a_moved_portal_gets_the_same_request_at_its_confirmed_address(
    peer: Peer, other_peer: Peer, http: requests.Session, tokens: Tokens
) -> None:
    asked: list[str] = []

    def confirm(endpoint: str) -> str | None:
        asked.append(endpoint)
        return other_peer.endpoint

    peer.tells(Told(302, b"", {"Location": "https://new.example/rest/profile"}))
    other_peer.tells(says({"result": 1}))
    client = Client(peer.endpoint, tokens, http=http, on_move=confirm)

    assert client.call("profile", {"x": 1}).result == 1
    assert client.call("profile").result == 1

    assert asked == ["https://new.example/rest/"]
    assert client.client_endpoint == other_peer.endpoint
    assert [heard.verb for heard in other_peer.heard] == ["POST", "POST"]
    assert other_peer.heard[0].json == {"x": 1, "auth": "first-access-token"}
    assert len(peer.heard) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_to_an_address_that_is_not_confirmed(
    peer: Peer, other_peer: Peer, http: requests.Session, tokens: Tokens, status: int
) -> None:
    peer.tells(Told(status, b"", {"Location": f"{other_peer.endpoint}profile"}))

    for on_move in (None, lambda endpoint: None):
        with pytest.raises(PortalMoved):
            Client(peer.endpoint, tokens, http=http, on_move=on_move).call("profile")

    assert other_peer.heard == []


def test_a_new_address_that_redirects_again_is_not_followed(
    peer: Peer, other_peer: Peer, http: requests.Session, tokens: Tokens
) -> None:
    for one, other in ((peer, other_peer), (other_peer, peer)):
        one.tells(Told(302, b"", {"Location": f"{other.endpoint}profile"}))

    with pytest.raises(PortalMoved):
        Client(peer.endpoint, tokens, http=http, on_move=lambda endpoint: endpoint).call("profile")

    assert (len(peer.heard), len(other_peer.heard)) == (1, 1)


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_requests_that_are_redirected_together_ask_once(
    peer: Peer, other_peer: Peer, http: requests.Session, tokens: Tokens, is_confirmed: bool
) -> None:
    asked: list[str] = []

    def confirm(endpoint: str) -> str | None:
        asked.append(endpoint)
        assert eventually(lambda: len(peer.heard) >= 45, 60)
        return other_peer.endpoint if is_confirmed else None

    peer.tells(Told(302, b"", {"Location": f"{other_peer.endpoint}profile"}))
    other_peer.tells(says({"result": 1}))
    client = Client(peer.endpoint, tokens, http=http, on_move=confirm)

    def call(_: int) -> object:
        try:
            return client.call("profile").result
        except PortalMoved:
            return None

    with ThreadPoolExecutor(45) as pool:
        assert list(pool.map(call, range(45))) == [1 if is_confirmed else None] * 45

    assert len(asked) == 1
    call(1)
    assert len(asked) == (1 if is_confirmed else 2), "what was refused before may be confirmed by now"


def test_what_a_failed_question_raises_is_for_its_own_thread(
    peer: Peer, other_peer: Peer, http: requests.Session, tokens: Tokens
) -> None:
    asked: list[str] = []

    def confirm(endpoint: str) -> str | None:
        asked.append(endpoint)
        if len(asked) == 1:
            assert eventually(lambda: len(peer.heard) >= 2, 60)
            raise OSError
        return other_peer.endpoint

    peer.tells(Told(302, b"", {"Location": f"{other_peer.endpoint}profile"}))
    other_peer.tells(says({"result": 1}))
    client = Client(peer.endpoint, tokens, http=http, on_move=confirm)

    def call(_: int) -> object:
        try:
            return client.call("profile").result
        except OSError as error:
            return error.__class__

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(call, range(2)), key=str) == [1, OSError]


# --- Records and secrets ---------------------------------------------------------------------------------


def test_every_request_is_recorded_without_its_token(
    peer: Peer, http: requests.Session, tokens: Tokens
) -> None:
    exchanges: list[Exchange] = []
    client = Client(peer.endpoint, tokens, http=http, recorder=exchanges.append)
    peer.tells(EXPIRED, says({"result": 1}), page(502))

    client.call("user.get", {"filter": {"ID": [1]}})
    with pytest.raises(Unheard):
        client.batch({"me": Command("profile")})

    refused, answered, failed = exchanges
    assert isinstance(refused.error, RefreshNeeded)
    assert (refused.status, refused.answer) == (401, None)
    assert isinstance(answered.answer, Answer)
    assert (answered.method, answered.params) == ("user.get", {"filter": {"ID": [1]}})
    assert (answered.status, answered.error) == (200, None)
    assert answered.duration_seconds >= 0
    assert failed.commands == {"me": Command("profile")}
    assert isinstance(failed.error, Unheard)
    assert failed.status == 502
    for token in ("first-access-token", "second-access-token"):
        assert token not in repr(exchanges)


def test_a_lost_answer_is_recorded_without_a_status(
    peer: Peer, http: requests.Session, tokens: Tokens
) -> None:
    exchanges: list[Exchange] = []
    peer.tells(Told(cut=True))

    with pytest.raises(Unheard):
        Client(peer.endpoint, tokens, http=http, recorder=exchanges.append).call("profile")

    assert exchanges[0].status is None


def test_no_token_in_errors_representations_or_logs(
    client: Client, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    echo = says({"error": "X", "error_description": "bad token first-access-token"}, 400)
    peer.tells(echo, Told(cut=True))

    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            with pytest.raises(BitrixError) as caught:
                client.call("profile")
            assert "first-access-token" not in repr(caught.value) + str(caught.value) + caught.value.words

    assert "first-access-token" not in repr(client)
    assert "first-access-token" not in caplog.text
