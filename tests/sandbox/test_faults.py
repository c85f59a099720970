"""Faults on request: what the caller sees, and whether the work was done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.sandbox.process import SandboxProcess

METHOD = "bizproc.workflow.terminate"


def fault(sandbox: SandboxProcess, kind: str, **wanted: Any) -> int:
    number: int = sandbox.control("POST", "faults", kind=kind, **wanted)["id"]
    return number


def ask(sandbox: SandboxProcess, workflow_id: str) -> requests.Response:
    cmd = {"stop": f"{METHOD}?ID={workflow_id}&STATUS=x"}
    return sandbox.post("batch", {"cmd": cmd})


@pytest.mark.parametrize(
    ("kind", "status", "content"), [("http500", 500, "<html>"), ("http502", 502, "nginx"), ("empty", 200, "")]
)
@pytest.mark.parametrize("after_work", [False, True])
def test_html_and_nothing(
    sandbox: SandboxProcess, kind: str, status: int, content: str, *, after_work: bool
) -> None:
    (one,) = sandbox.add()
    fault(sandbox, kind, after_work=after_work, times=1)
    answer = ask(sandbox, one)
    assert answer.status_code == status
    assert content in answer.text
    assert bool(answer.text) == bool(content)
    assert (sandbox.record(one)["state"] == "ended") is after_work
    assert sandbox.post("profile").status_code == 200, "once only"


@pytest.mark.parametrize(("kind", "done"), [("cut_before", False), ("cut_after", True)])
def test_cut_connections(sandbox: SandboxProcess, kind: str, *, done: bool) -> None:
    (one,) = sandbox.add()
    token = sandbox.token()
    fault(sandbox, kind)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{sandbox.portal}/rest/{METHOD}", json={"auth": token, "ID": one}, timeout=10)
    assert (sandbox.record(one)["state"] == "ended") is done


def test_slow_answers(sandbox: SandboxProcess) -> None:
    first, second = sandbox.add(2)
    token = sandbox.token()
    for kind, workflow_id, state in (("slow", first, "running"), ("slow_after", second, "ended")):
        number = fault(sandbox, kind, seconds=6.0)
        with pytest.raises(requests.Timeout):
            requests.post(
                f"{sandbox.portal}/rest/{METHOD}", json={"auth": token, "ID": workflow_id}, timeout=2.5
            )
        assert sandbox.record(workflow_id)["state"] == state
        sandbox.control("DELETE", f"faults/{number}")


@pytest.mark.parametrize(
    ("shape", "content"),
    [
        ("list", []),
        ("text", "ok"),
        ("null", None),
        ("empty_object", {}),
        ("error_alone", {"error": "ERROR_CORE"}),
    ],
)
def test_json_of_another_shape(sandbox: SandboxProcess, shape: str, content: Any) -> None:
    (one,) = sandbox.add()
    fault(sandbox, "wrong_json", shape=shape)
    answer = ask(sandbox, one)
    assert (answer.status_code, answer.json()) == (200, content)
    assert sandbox.record(one)["state"] == "ended"


@pytest.mark.parametrize(
    ("shape", "content"),
    [
        ("lists_wrapped", {"workflows": [{"ID": "?"}]}),
        ("lists_refused", {"error": "maintenance"}),
        ("lists_of_null", [None]),
        ("lists_empty_object", {}),
        ("lists_keyed", {"1": {"ID": "?"}}),
    ],
)
def test_lists_of_another_shape(sandbox: SandboxProcess, shape: str, content: Any) -> None:
    (one,) = sandbox.add()
    fault(sandbox, "wrong_json", shape=shape)
    params = {"select": ["ID"], "filter": {">=ID": one, "<=ID": one}}
    told = json.loads(json.dumps(content).replace("?", one))

    alone = sandbox.post("bizproc.workflow.instances", params).json()
    batch = sandbox.batch({"rows": ("bizproc.workflow.instances", params), "other": ("profile", {})})

    assert alone["result"] == told
    assert batch["result"]["rows"] == told
    assert batch["result"]["other"]["ID"] == "1"


@pytest.mark.parametrize("shape", ["truncated", "html", "latin1"])
def test_answers_that_are_no_json(sandbox: SandboxProcess, shape: str) -> None:
    fault(sandbox, "wrong_json", shape=shape)
    answer = sandbox.post("profile")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"."):
        answer.content.decode("utf-8") and answer.json()


@pytest.mark.parametrize(("shape", "constant"), [("result_nan", b"NaN"), ("result_infinity", b"Infinity")])
def test_constants_that_are_no_json(sandbox: SandboxProcess, shape: str, constant: bytes) -> None:
    fault(sandbox, "wrong_json", shape=shape)
    assert b'"result": ' + constant in sandbox.post("profile").content


def test_a_command_may_be_missing_in_the_answer(sandbox: SandboxProcess) -> None:
    fault(sandbox, "wrong_json", shape="batch_command_lost")
    found = sandbox.batch({"a": ("profile", {}), "b": ("profile", {})})
    assert list(found["result"]) == ["b"]


def test_the_calls_whose_answer_is_not_missing_are_heard(sandbox: SandboxProcess) -> None:
    ids = sandbox.add(3)
    fault(sandbox, "wrong_json", shape="batch_command_lost", times=1)

    sandbox.batch({one: ("bizproc.workflow.terminate", {"ID": one}) for one in ids})

    assert [sandbox.record(one)["calls"][0]["heard"] for one in ids] == [False, True, True]


@pytest.mark.parametrize(
    "shape", ["batch_results_null", "batch_results_list", "batch_results_text", "batch_command_lost"]
)
def test_what_a_shape_cannot_change_is_heard(sandbox: SandboxProcess, shape: str) -> None:
    (one,) = sandbox.add(1)
    fault(sandbox, "wrong_json", shape=shape, times=1)

    answer = sandbox.post("bizproc.workflow.terminate", {"ID": one})

    assert answer.json()["result"] is True
    assert [call["heard"] for call in sandbox.record(one)["calls"]] == [True]


def test_what_a_shape_has_changed_is_not_heard(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(1)
    fault(sandbox, "wrong_json", shape="result_null", times=1)

    answer = sandbox.post("bizproc.workflow.terminate", {"ID": one})

    assert answer.json()["result"] is None
    assert [call["heard"] for call in sandbox.record(one)["calls"]] == [False]


def test_unknown_shapes_and_kinds_are_refused(sandbox: SandboxProcess) -> None:
    for body in (
        {"kind": "no such"},
        {"kind": "slow", "colour": 1},
        {"kind": "wrong_json", "shape": "round"},
    ):
        answer = sandbox.http.post(f"{sandbox.control_url}/faults", json=body, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_a_redirect_leads_to_the_new_domain(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    fault(sandbox, "redirect", times=1)
    moved = sandbox.post("profile", token=token)
    assert moved.status_code == 302
    assert moved.headers["Location"].startswith("http://127.0.1.1:")
    again = requests.post(moved.headers["Location"], json={"auth": token}, timeout=10)
    assert again.json()["result"]["ID"] == "1"
    followed = requests.get(moved.headers["Location"], timeout=10)
    assert followed.json()["error"] == "NO_AUTH_FOUND", "a GET in its place has lost the token"


def test_a_portal_that_has_moved_tells_its_new_address(sandbox: SandboxProcess) -> None:
    fields = sandbox.launch()["fields"]
    sandbox.set(moved=True)
    answer = sandbox.post("profile", token=fields["AUTH_ID"])
    assert answer.status_code == 302
    info = requests.post(
        f"{sandbox.authorization}/rest/app.info", data={"auth": fields["AUTH_ID"]}, timeout=10
    ).json()["result"]["install"]
    assert f"{info['client_endpoint']}profile" == answer.headers["Location"]
    assert info["member_id"] == fields["member_id"]
    assert sandbox.launch()["frame_name"].startswith("127.0.1.1:")


def test_a_portal_is_deleted(sandbox: SandboxProcess) -> None:
    fault(sandbox, "portal_deleted", status=500)
    answer = sandbox.post("profile")
    assert (answer.status_code, answer.json()["error"]) == (500, "PORTAL_DELETED")


def test_a_token_is_revoked_and_rights_are_lost(sandbox: SandboxProcess) -> None:
    fields = sandbox.launch(2)["fields"]
    fault(sandbox, "rights_lost", times=1)
    lost = sandbox.post("bizproc.workflow.instances", token=fields["AUTH_ID"])
    assert (lost.status_code, lost.json()["error"]) == (403, "ACCESS_DENIED")
    assert sandbox.result("profile", token=fields["AUTH_ID"])["ADMIN"] is False
    fault(sandbox, "token_revoked", times=1)
    assert sandbox.post("profile", token=fields["AUTH_ID"]).json()["error"] == "invalid_token"


def test_limits_on_request(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add()
    fault(sandbox, "limit", times=1)
    assert ask(sandbox, one).status_code == 503
    fault(sandbox, "operating", method=METHOD, times=2)
    found = ask(sandbox, one).json()["result"]
    assert found["result_error"]["stop"]["error"] == "OPERATION_TIME_LIMIT"
    assert sandbox.post(METHOD, {"ID": one}).status_code == 429
    assert sandbox.record(one)["terminate_calls"] == 0


def test_any_error_of_the_portal_on_request(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add()
    fault(sandbox, "error", code="OVERLOAD_LIMIT", description="", status=200, times=1)
    answer = ask(sandbox, one)
    assert (answer.status_code, answer.json()) == (200, {"error": "OVERLOAD_LIMIT", "error_description": ""})
    assert sandbox.record(one)["terminate_calls"] == 0
    fault(sandbox, "error", code="INTERNAL_SERVER_ERROR", status=500, after_work=True, times=1)
    assert ask(sandbox, one).status_code == 500
    assert sandbox.record(one)["state"] == "ended"


def test_one_command_of_a_batch_may_be_refused(sandbox: SandboxProcess) -> None:
    first, second = sandbox.add(2)
    fault(sandbox, "command_error", method=METHOD, code="", description="Später", skip=1, times=1)
    found = sandbox.batch({"a": (METHOD, {"ID": first}), "b": (METHOD, {"ID": second})})
    assert found["result"] == {"a": True}
    assert found["result_error"] == {"b": {"error": "", "error_description": "Später"}}
    assert sandbox.record(second)["terminate_calls"] == 0


def test_where_when_and_how_often(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    fault(sandbox, "http500", method=METHOD, skip=1, times=2)
    statuses = [sandbox.post("batch", {"cmd": {"a": f"{METHOD}?ID=x"}}, token).status_code for _ in range(5)]
    assert statuses == [200, 500, 500, 200, 200]
    assert sandbox.post("profile", token=token).status_code == 200
    fault(sandbox, "http502", portal=2)
    assert sandbox.post("profile", token=token).status_code == 200
    sandbox.number = 2
    assert sandbox.post("profile").status_code == 502


def test_chance_is_repeatable(sandbox: SandboxProcess) -> None:
    token = sandbox.token()

    def run() -> list[int]:
        number = fault(sandbox, "http500", probability=0.3, seed=11)
        found = [sandbox.post("profile", token=token).status_code for _ in range(60)]
        sandbox.control("DELETE", f"faults/{number}")
        return found

    first = run()
    assert 5 < first.count(500) < 35
    assert run() == first


def test_the_authorization_server_fails_too(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    address = f"{sandbox.authorization}/rest/app.info"
    fault(sandbox, "http502", server="authorization", times=1)
    assert requests.post(address, data={"auth": token}, timeout=10).status_code == 502
    fault(sandbox, "cut_after", server="authorization", times=1)
    with pytest.raises(requests.ConnectionError):
        requests.post(address, data={"auth": token}, timeout=10)
    assert requests.post(address, data={"auth": token}, timeout=10).json()["result"]["user_id"] == 1


def test_every_call_is_on_record_with_whether_it_was_heard(sandbox: SandboxProcess) -> None:
    heard, unheard, dropped, corrupt = (*sandbox.add(3), *sandbox.add(behaviour="corrupt"))
    ask(sandbox, heard)
    ask(sandbox, corrupt)
    fault(sandbox, "http500", times=1, after_work=True)
    ask(sandbox, unheard)
    fault(sandbox, "http502", times=1)
    ask(sandbox, dropped)

    calls = {one: sandbox.record(one)["calls"] for one in (heard, unheard, dropped, corrupt)}
    assert [len(told) for told in calls.values()] == [1] * 4
    assert {one: (told["result"], told["heard"], told["by"]) for one, (told,) in calls.items()} == {
        heard: ("stopped", True, 1),
        unheard: ("stopped", False, 1),
        dropped: ("dropped", False, None),
        corrupt: ("error", True, 1),
    }
    assert {told["title"] for (told,) in calls.values()} == {"x"}
