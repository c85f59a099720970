"""The client, the authorization servers and the typed methods against a portal in a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.bitrix import errors
from bxapp.bitrix.answers import Answer
from bxapp.bitrix.client import Command
from bxapp.bitrix.encoding import changes_in_batch
from bxapp.bitrix.methods import bind_events, profile, running, stop
from tests.bitrix.portal import eventually

if TYPE_CHECKING:
    from tests.bitrix.portal import Portal

EMPLOYEE = 4
URL = "http://127.0.0.1:8000/events/"


def test_the_owner_of_a_launch_is_known(portal: Portal) -> None:
    launch = portal.launch()

    owner = portal.servers.owner(launch.access_token, hint=launch.server_hint)

    told = portal.sandbox.portal()
    assert (owner.member_id, owner.user_id) == (launch.member_id, 1)
    assert owner.client_endpoint == told["client_endpoint"]
    assert "bizproc" in owner.scope
    assert owner.expires_at is not None
    assert owner.server == portal.sandbox.authorization


def test_an_invented_token_is_not_genuine(portal: Portal) -> None:
    with pytest.raises(errors.NotGenuine):
        portal.servers.owner("f" * 70)


def test_administrators_and_employees_have_profiles(portal: Portal) -> None:
    users = {user["id"]: user for user in portal.sandbox.portal()["users"]}

    found = [profile(portal.client(user_id)) for user_id in (1, EMPLOYEE)]

    assert [one.user_id for one in found] == [1, EMPLOYEE]
    assert [one.is_admin for one in found] == [True, False] == [users[1]["admin"], users[EMPLOYEE]["admin"]]
    assert found[0].first_name == users[1]["name"]


def test_a_portals_session_cookie_is_not_sent_back(portal: Portal) -> None:
    portal.sandbox.forget()
    for user_id in (1, EMPLOYEE, 1):
        profile(portal.client(user_id))

    told = portal.sandbox.control("GET", "/requests")
    assert told["counts"]["profile"] == 3
    assert told["cookies_sent"] == 0


def test_a_batch_answers_by_key(portal: Portal) -> None:
    answers = (
        portal.client()
        .batch({"me": Command("profile"), "nothing": Command("no.such.method"), "users": Command("user.get")})
        .answers
    )

    me, users = answers["me"], answers["users"]
    assert isinstance(me, Answer)
    assert me.result["ID"] == "1"
    assert isinstance(users, Answer)
    assert users.total is not None
    assert isinstance(answers["nothing"], errors.MethodUnknown)


def test_a_batch_goes_on_after_an_error(portal: Portal) -> None:
    (workflow_id,) = portal.add()
    commands = {
        "wrong": Command("no.such.method"),
        "stop": Command("bizproc.workflow.terminate", {"ID": workflow_id}),
    }

    answers = portal.client().batch(commands).answers

    assert isinstance(answers["wrong"], errors.MethodUnknown)
    assert isinstance(answers["stop"], Answer)
    assert portal.record(workflow_id)[0]["terminate_calls"] == 1


def test_an_expired_token_is_renewed_once_and_the_new_pair_works(portal: Portal) -> None:
    portal.sandbox.settings(access_token_seconds=0.0)
    pair = portal.pair_unchecked()
    portal.sandbox.settings(access_token_seconds=3600.0)
    client = portal.client(pair=pair)

    assert profile(client).user_id == 1
    assert profile(client).user_id == 1

    assert pair.renewals == 1
    assert not any(one["token_in_url"] for one in portal.sandbox.asked())


def test_a_refresh_token_works_once(portal: Portal) -> None:
    launch = portal.launch()
    server = portal.sandbox.authorization

    fresh = portal.servers.refresh(server, launch.refresh_token)

    assert fresh.member_id == launch.member_id
    assert fresh.user_id == 1
    with pytest.raises(errors.GrantRefused):
        portal.servers.refresh(server, launch.refresh_token)


# --- Running and stopping --------------------------------------------------------------------------------


def test_what_runs_is_known_by_id(portal: Portal) -> None:
    ids = portal.add(3)
    client = portal.client()
    stop(client, dict.fromkeys(ids[:1], "Stopped"))

    found = running(client, [*ids, "65e5a449e8f135.00000000"])

    assert set(found) == set(ids[1:])
    (record,) = portal.record(ids[1])
    assert found[ids[1]].document_id == record["document_id"]
    assert found[ids[1]].started_by == record["started_by"]
    assert found[ids[1]].template_id == record["template_id"]
    assert running(client, ids[1:2]).keys() == {ids[1]}
    assert running(client, ids[:1]) == {}


@pytest.mark.parametrize("dialect", ["published", "documented"])
def test_many_are_asked_for_in_one_request(portal: Portal, dialect: str) -> None:
    portal.sandbox.settings(filter_dialect=dialect)
    ids = [one["id"] for one in portal.record() if one["in_list"]]
    client = portal.client()
    portal.exchanges.clear()

    found = running(client, [*ids, *(f"gone{place}" for place in range(130))])

    assert set(found) == set(ids)
    assert len(ids) > 50
    assert [exchange.method for exchange in portal.exchanges] == ["batch"]


@pytest.mark.parametrize(
    "text",
    [
        "Terminated by rest app.",
        "Остановлено: дубликат № 15 & «лишнее» 🙂",
        "see $result[stop0] and <b>bold</b> ../../x # ? + %41",
        "x" * 255,
    ],
)
def test_a_text_arrives_as_typed(portal: Portal, text: str) -> None:
    portal.sandbox.settings(proactive_filter=True)
    ids = portal.add(1 if changes_in_batch(text) else 2)

    assert stop(portal.client(), dict.fromkeys(ids, text)).endings == dict.fromkeys(ids, True)

    assert [(one["state"], one["title"]) for one in portal.record(*ids)] == [("ended", text)] * len(ids)


def test_each_workflow_has_its_own_ending(portal: Portal) -> None:
    ids = portal.add(2)
    (broken,) = portal.add(behaviour="corrupt")
    gone = "65e5a449e8f135.00000000"
    client = portal.client()

    endings = stop(client, dict.fromkeys([ids[0], broken, gone, ids[1]], "Stopped")).endings

    assert endings[ids[0]] is True
    assert endings[ids[1]] is True
    assert isinstance(endings[broken], errors.MethodFailed)
    assert isinstance(endings[gone], errors.MethodFailed)
    assert set(running(client, [*ids, broken, gone])) == {broken}


def test_a_workflow_that_takes_its_batch_down_leaves_it_unheard(portal: Portal) -> None:
    ids = portal.add(2)
    (fatal,) = portal.add(behaviour="php_failure")
    client = portal.client()

    with pytest.raises(errors.Unheard) as caught:
        stop(client, dict.fromkeys([ids[0], fatal, ids[1]], "Stopped"))

    assert caught.value.server_failed
    assert set(running(client, [*ids, fatal])) == {fatal, ids[1]}


def test_a_workflow_stopped_in_mid_execution_comes_back_as_a_ghost(portal: Portal) -> None:
    client = portal.client()
    (workflow_id,) = portal.add(behaviour="executing", seconds=3.0)

    assert stop(client, {workflow_id: "Stopped"}).endings == {workflow_id: True}

    def came_back() -> bool:
        found = running(client, [workflow_id])
        return workflow_id in found and found[workflow_id].is_ghost

    assert eventually(came_back, within_seconds=30)


def test_an_employee_may_not_stop_anything(portal: Portal) -> None:
    ids = portal.add(2)
    client = portal.client(EMPLOYEE)

    endings = stop(client, dict.fromkeys(ids, "Stopped")).endings

    assert all(isinstance(ending, errors.RightsLost) for ending in endings.values())
    with pytest.raises(errors.RightsLost):
        running(client, ids)
    assert all(one["state"] == "running" for one in portal.record(*ids))


def test_the_operating_limit_is_told_with_its_end(portal: Portal) -> None:
    portal.sandbox.settings(
        operating_limited=True,
        operating_limit=0.5,
        operating_window=10.0,
        operating_basket=1.0,
        terminate_seconds=0.3,
    )
    ids = portal.add(4)

    endings = stop(portal.client(), dict.fromkeys(ids, "Stopped")).endings

    limited = [ending for ending in endings.values() if isinstance(ending, errors.OperatingLimited)]
    assert limited
    assert endings[ids[0]] is True
    untouched = [workflow_id for workflow_id, ending in endings.items() if ending is not True]
    assert all(one["state"] == "running" for one in portal.record(*untouched))


# --- Events ----------------------------------------------------------------------------------------------


def test_events_are_bound_once_however_often_it_is_asked(portal: Portal) -> None:
    client = portal.client()
    client.call("event.bind", {"event": "ONAPPUPDATE", "handler": "http://127.0.0.1:8000/old/"})

    for _ in range(2):
        bind_events(client, URL, ["ONAPPUNINSTALL", "ONAPPUPDATE"])

    handlers = portal.sandbox.application()["handlers"]
    assert sorted((one["event"], one["handler"]) for one in handlers) == [
        ("ONAPPUNINSTALL", URL),
        ("ONAPPUPDATE", URL),
    ]
