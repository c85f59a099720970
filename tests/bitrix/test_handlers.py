"""Event handlers are bound once, at this address, for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from bxapp.bitrix.errors import BitrixError, MethodFailed, RightsLost, ScopeMissing, Unheard
from bxapp.bitrix.methods import LICENSE_QUESTION, License, bind_events, read_license
from tests.bitrix.peer import says

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client
    from tests.bitrix.peer import Peer, Told

URL = "https://flowstop.example/events/"
EVENTS = ["ONAPPUNINSTALL", "ONAPPUPDATE"]
BOUND_BEFORE = {
    "error": "ERROR_CORE",
    "error_description": "Unable to set event handler: Handler already binded",
}


def batch(results: dict[str, object], errors: dict[str, object] | None = None) -> Told:
    return says({"result": {"result": results, "result_error": errors or []}})


def commands(peer: Peer, request: int) -> list[tuple[str, dict[str, str]]]:
    texts = [urlsplit(text) for text in peer.heard[request].json["cmd"].values()]
    return [(text.path, dict(parse_qsl(text.query))) for text in texts]


def test_it_works(client: Client, peer: Peer) -> None:
    peer.tells(batch({"handlers": [], "bind0": True, "bind1": True}))

    bind_events(client, URL, EVENTS)

    assert len(peer.heard) == 1
    assert commands(peer, 0) == [
        ("event.get", {}),
        ("event.bind", {"event": "ONAPPUNINSTALL", "handler": URL}),
        ("event.bind", {"event": "ONAPPUPDATE", "handler": URL}),
    ]


def test_binding_again_does_no_harm(client: Client, peer: Peer) -> None:
    listed = [{"event": event, "handler": URL, "auth_type": "0", "offline": 0} for event in EVENTS]
    peer.tells(batch({"handlers": listed}, {"bind0": BOUND_BEFORE, "bind1": BOUND_BEFORE}))

    bind_events(client, URL, EVENTS)

    assert len(peer.heard) == 1


def test_what_else_is_asked_goes_with_the_same_request(client: Client, peer: Peer) -> None:
    told = {"LICENSE": "de_ent250", "LICENSE_FAMILY": "ent"}
    peer.tells(batch({"handlers": [], "bind0": True, "bind1": True, "license": told}))

    answers = bind_events(client, URL, EVENTS, also={"license": LICENSE_QUESTION})

    assert len(peer.heard) == 1
    assert commands(peer, 0)[-1] == ("app.info", {})
    assert list(answers) == ["license"]
    assert read_license(answers["license"]) == License("de_ent250", "ent")


def test_what_else_is_asked_may_fail(client: Client, peer: Peer) -> None:
    peer.tells(batch({"handlers": [], "bind0": True, "bind1": True}, {"license": {"error": "ACCESS_DENIED"}}))

    answers = bind_events(client, URL, EVENTS, also={"license": LICENSE_QUESTION})

    with pytest.raises(RightsLost):
        read_license(answers["license"])


def test_left_over_handlers_are_unbound(client: Client, peer: Peer) -> None:
    old = "https://old.example/events/"
    listed = [
        {"event": "ONAPPUNINSTALL", "handler": URL, "auth_type": "0"},
        {"event": "ONAPPUNINSTALL", "handler": old, "auth_type": "0"},
        {"event": "ONAPPUPDATE", "handler": URL, "auth_type": "15"},
        {"event": "ONCRMDEALADD", "handler": old, "auth_type": "0"},
        {"event": "ONAPPUPDATE", "connector_id": "", "offline": 1},
        "nonsense",
    ]
    peer.tells(batch({"handlers": listed, "bind0": True, "bind1": True}), batch({}))

    bind_events(client, URL, EVENTS)

    assert commands(peer, 1) == [
        ("event.unbind", {"event": "ONAPPUNINSTALL", "handler": old}),
        ("event.unbind", {"event": "ONAPPUPDATE", "handler": URL, "auth_type": "15"}),
    ]


def test_a_left_over_handler_that_stays_is_no_error(client: Client, peer: Peer) -> None:
    listed = [{"event": "ONAPPUPDATE", "handler": "https://old.example/events/", "auth_type": "0"}]
    bound = batch({"handlers": listed, "bind0": True, "bind1": True, "license": {"LICENSE": "de_pro"}})
    peer.tells(bound, says({"error": "QUERY_LIMIT_EXCEEDED"}, status=503))

    answers = bind_events(client, URL, EVENTS, also={"license": LICENSE_QUESTION})

    assert read_license(answers["license"]).code == "de_pro"


@pytest.mark.parametrize("told", [[], {}, {"LICENSE": ""}, {"LICENSE": None, "LICENSE_FAMILY": "pro"}])
def test_an_answer_without_a_licence_tells_none(client: Client, peer: Peer, told: object) -> None:
    peer.tells(batch({"handlers": [], "bind0": True, "bind1": True, "license": told}))

    answers = bind_events(client, URL, EVENTS, also={"license": LICENSE_QUESTION})

    with pytest.raises(Unheard):
        read_license(answers["license"])


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"error": "ERROR_CORE", "error_description": "Unable to set event handler: No host"}, MethodFailed),
        ({"error": "ACCESS_DENIED", "error_description": "Access denied!"}, RightsLost),
        ({"error": "insufficient_scope"}, ScopeMissing),
    ],
)
def test_an_event_that_cannot_be_bound_is_an_error(
    client: Client, peer: Peer, entry: object, error: type[BitrixError]
) -> None:
    peer.tells(batch({"handlers": [], "bind0": True}, {"bind1": entry}))
    with pytest.raises(error):
        bind_events(client, URL, EVENTS)


def test_an_address_that_the_portal_does_not_accept_is_an_error(client: Client, peer: Peer) -> None:
    peer.tells(batch({"handlers": [], "bind0": True, "bind1": False}))
    with pytest.raises(MethodFailed):
        bind_events(client, URL, EVENTS)


def test_an_unreadable_list_of_handlers_does_not_matter(client: Client, peer: Peer) -> None:
    peer.tells(batch({"bind0": True, "bind1": True}, {"handlers": "X"}))
    bind_events(client, URL, EVENTS)
    assert len(peer.heard) == 1
