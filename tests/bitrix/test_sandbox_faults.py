"""What the client makes of a portal's bad days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bxapp.bitrix import errors
from bxapp.bitrix.client import Client
from bxapp.bitrix.methods import profile, running, stop

if TYPE_CHECKING:
    from tests.bitrix.portal import Portal


@pytest.mark.parametrize(
    ("fault", "server_failed", "done"),
    [
        ({"kind": "http500"}, True, False),
        ({"kind": "http502", "after_work": True}, True, True),
        ({"kind": "empty"}, False, False),
        ({"kind": "cut_before"}, False, False),
        ({"kind": "cut_after"}, False, True),
    ],
)
def test_a_lost_answer_leaves_the_work_unknown(
    portal: Portal, fault: dict[str, Any], server_failed: bool, done: bool
) -> None:
    ids = portal.add(2)
    client = portal.client()
    portal.sandbox.fault(**fault, method="bizproc.workflow.terminate", times=1)

    with pytest.raises(errors.Unheard) as caught:
        stop(client, dict.fromkeys(ids, "Stopped"))

    assert caught.value.server_failed is server_failed
    assert running(client, ids).keys() == (set() if done else set(ids))


@pytest.mark.parametrize(
    "shape",
    [
        "list", "text", "null", "number", "empty_object", "result_null", "result_text", "result_list",
        "result_number", "rows_of_text", "result_nan", "result_infinity", "truncated", "html",
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_leaves_the_work_unknown(portal: Portal, shape: str) -> None:
    ids = portal.add(2)
    client = portal.client()
    portal.sandbox.fault(kind="wrong_json", shape=shape, method="batch", times=1)

    with pytest.raises(errors.Unheard):
        stop(client, dict.fromkeys(ids, "Stopped"))

    assert running(client, ids) == {}


@pytest.mark.parametrize(
    ("shape", "heard"),
    [
        ("batch_results_list", [False, False]),
        ("batch_results_null", [False, False]),
        ("batch_results_text", [False, False]),
        ("batch_command_lost", [False, True]),
    ],
)
def test_a_command_that_the_answer_loses_is_unheard(portal: Portal, shape: str, heard: list[bool]) -> None:
    ids = portal.add(2)
    client = portal.client()
    portal.sandbox.fault(kind="wrong_json", shape=shape, method="batch", times=1)

    endings = stop(client, dict.fromkeys(ids, "Stopped")).endings

    assert [ending is True for ending in endings.values()] == heard
    assert all(ending is True or isinstance(ending, errors.Unheard) for ending in endings.values())


@pytest.mark.parametrize("shape", ["error_object", "error_alone", "error_number"])
def test_an_unknown_error_of_a_whole_batch_decides_nothing(portal: Portal, shape: str) -> None:
    ids = portal.add(2)
    client = portal.client()
    portal.sandbox.fault(kind="wrong_json", shape=shape, method="batch", times=1)

    with pytest.raises(errors.MethodFailed):
        stop(client, dict.fromkeys(ids, "Stopped"))

    assert running(client, ids) == {}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("limit", errors.RateLimited),
        ("portal_deleted", errors.PortalClosed),
        ("token_revoked", errors.TokenRefused),
        ("rights_lost", errors.RightsLost),
    ],
)
def test_a_refusal_says_what_may_be_done(portal: Portal, kind: str, error: type[Exception]) -> None:
    ids = portal.add(1)
    client = portal.client()
    portal.sandbox.fault(kind=kind, times=1)

    with pytest.raises(error):
        stop(client, dict.fromkeys(ids, "Stopped"))

    assert portal.record(*ids)[0]["state"] == "running"


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"rest_available": False}, errors.PlanRefused),
        ({"payment_expired": True}, errors.PaymentRequired),
        ({"workflows_available": False}, errors.MethodUnknown),
        ({"closed": True, "closed_status": 500}, errors.PortalClosed),
    ],
)
def test_a_portal_that_refuses_says_why(
    portal: Portal, setting: dict[str, Any], error: type[Exception]
) -> None:
    client = portal.client()
    portal.sandbox.settings(**setting)
    with pytest.raises(error):
        running(client, ["a", "b"])


def test_a_moved_portal_is_followed_where_it_is_confirmed(portal: Portal) -> None:
    ids = portal.add(2)
    pair = portal.pair()
    confirmed: list[str] = []

    def confirm(endpoint: str) -> str | None:
        owner = portal.servers.owner(pair.access)
        confirmed.append(owner.client_endpoint)
        return owner.client_endpoint if owner.client_endpoint == endpoint else None

    client = portal.client(pair=pair, on_move=confirm)
    stubborn = portal.client(pair=pair)
    portal.sandbox.settings(moved=True)

    with pytest.raises(errors.PortalMoved):
        stop(stubborn, dict.fromkeys(ids, "Stopped"))
    assert stop(client, dict.fromkeys(ids, "Stopped")).endings == dict.fromkeys(ids, True)

    assert confirmed == [client.client_endpoint]
    assert client.client_endpoint.startswith(portal.sandbox.portal()["new_url"])


def test_a_portal_that_is_gone_is_unreachable(portal: Portal) -> None:
    client = Client("http://127.0.0.1:9/rest/", portal.pair(), http=portal.http)
    with pytest.raises(errors.Unreachable):
        profile(client)
