"""``terminate`` and ``kill`` as the server does them, case by case."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.process import SandboxProcess

METHOD = "bizproc.workflow.terminate"
RAW_TEXTS = {
    "EmptyWorkflowInstance",
    "WorkflowNotFound",
    "Empty root activity",
    "InvalidAttemptToLoad",
    "ActivitySetWorkflow",
}


def stop(
    sandbox: SandboxProcess, workflow_id: Any, status: Any = "enough", token: str | None = None
) -> dict[str, Any]:
    answer: dict[str, Any] = sandbox.post(METHOD, {"ID": workflow_id, "STATUS": status}, token).json()
    return answer


def wait_until_saved(sandbox: SandboxProcess, workflow_id: str) -> dict[str, Any]:
    """The one row of a workflow once it is listed and idle."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        asked = {
            "filter": {">=ID": workflow_id, "<=ID": workflow_id},
            "select": [
                "ID",
                "TEMPLATE_ID",
                "MODULE_ID",
                "ENTITY",
                "DOCUMENT_ID",
                "STARTED_BY",
                "STARTED",
                "OWNED_UNTIL",
            ],
        }
        found: list[dict[str, Any]] = sandbox.result("bizproc.workflow.instances", asked)
        if found and found[0]["OWNED_UNTIL"] is None:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(workflow_id)


def test_it_ends_with_the_text_and_who_ended_it(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(task_users=[4])
    answer = sandbox.post(METHOD, {"ID": one, "STATUS": "Zu spät — 取消 <b>"}, sandbox.token(2))
    assert answer.json()["result"] is True
    record = sandbox.record(one)
    assert (record["state"], record["ended_how"], record["ended_by"]) == ("ended", "terminate", 2)
    assert record["title"] == "Zu spät — 取消 <b>"
    assert record["terminate_calls"] == 1
    assert record["tasks"] == []
    assert not sandbox.listed(one)


@pytest.mark.parametrize(
    ("status", "title"), [("", "Terminated"), ("0", "Terminated"), ("   ", ""), ("  both ends ", "both ends")]
)
def test_empty_texts_give_the_portals_own_or_none(sandbox: SandboxProcess, status: str, title: str) -> None:
    (one,) = sandbox.add()
    stop(sandbox, one, status)
    assert sandbox.record(one)["title"] == title


@pytest.mark.parametrize("method", [METHOD, "bizproc.workflow.kill"])
@pytest.mark.parametrize("workflow_id", ["", "0", None, 0, []])
def test_empty_ids(sandbox: SandboxProcess, method: str, workflow_id: Any) -> None:
    answer = sandbox.post(method, {"ID": workflow_id})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "ERROR_WRONG_WORKFLOW_ID",
        "error_description": "Empty workflow instance ID",
    }


def test_ids_that_are_no_texts(sandbox: SandboxProcess) -> None:
    assert stop(sandbox, ["a"])["error_description"] == "Invalid workflow instance ID (string expected)"
    assert stop(sandbox, 65)["error"] == "ERROR_WRONG_WORKFLOW_ID"
    sandbox.set(strict_workflow_id=False)
    assert stop(sandbox, 65)["error"] == ""


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The business process is not found."),
        ("de", "Der Geschäftsprozess wurde nicht gefunden."),
        ("ru", "Бизнес-процесс не найден."),
        ("in", "The business process is not found."),
    ],
)
def test_unknown_and_ended_ones_are_a_sentence_in_the_portals_language(
    sandbox: SandboxProcess, language: str, sentence: str
) -> None:
    sandbox.set(language=language)
    (one,) = sandbox.add()
    stop(sandbox, one)
    for workflow_id in ("65e5a449e8f135.21284909", one):
        answer = sandbox.post(METHOD, {"ID": workflow_id})
        assert answer.status_code == 400
        assert answer.json() == {"error": "", "error_description": sentence}
    assert sandbox.record(one)["terminate_calls"] == 2


def test_a_leftover_exception_replaces_code_and_text(sandbox: SandboxProcess) -> None:
    sandbox.set(leftover_exception="Something of another command")
    assert stop(sandbox, "nobody") == {
        "error": "ERROR_CORE",
        "error_description": "Something of another command",
    }


def test_hung_ones_stop_like_any_other(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(behaviour="hung")
    assert sandbox.record(one)["hung"]
    assert stop(sandbox, one)["result"] is True
    assert not sandbox.listed(one)


def test_very_old_servers_refuse_what_is_locked(sandbox: SandboxProcess) -> None:
    sandbox.set(refuses_locked=True)
    (hung,) = sandbox.add(behaviour="hung")
    answer = stop(sandbox, hung)
    assert (answer["error"], answer["error_description"]) == ("", "The workflow is hung or being executed.")
    assert sandbox.listed(hung)


def test_one_that_is_being_executed_comes_back_as_a_ghost(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    (one,) = sandbox.add(behaviour="executing", seconds=3.0)
    assert sandbox.record(one)["executing"]
    assert stop(sandbox, one, token=token)["result"] is True
    assert not sandbox.listed(one)
    ghost = wait_until_saved(sandbox, one)
    assert ghost["TEMPLATE_ID"] == ghost["STARTED_BY"] == "0"
    assert ghost["MODULE_ID"] == ghost["ENTITY"] == ghost["DOCUMENT_ID"] == ""
    record = sandbox.record(one)
    assert (record["state"], record["ghost"], record["ended_how"]) == ("running", True, "terminate")
    assert stop(sandbox, one, "again")["result"] is True
    record = sandbox.record(one)
    assert (record["state"], record["ghost"], record["became_ghost"]) == ("ended", False, True)
    assert (record["title"], record["terminate_calls"]) == ("again", 2)


def test_one_that_was_left_alone_is_idle_again(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(behaviour="executing", seconds=0.5)
    template = sandbox.record(one)["template_id"]
    row = wait_until_saved(sandbox, one)
    assert row["TEMPLATE_ID"] == str(template)
    assert stop(sandbox, one)["result"] is True
    time.sleep(0.3)
    assert not sandbox.listed(one)


def test_corrupt_ones_fail_for_ever_and_stay_listed(sandbox: SandboxProcess) -> None:
    ids = sandbox.add(12, behaviour="corrupt")
    texts = set()
    for one in ids:
        answer = stop(sandbox, one)
        assert answer["error"] == ""
        texts.add(answer["error_description"])
        assert stop(sandbox, one) == answer
        killed = sandbox.post("bizproc.workflow.kill", {"ID": one}).json()
        assert killed == answer
        assert sandbox.listed(one)
    assert texts <= RAW_TEXTS
    assert len(texts) > 1


def test_php_fails_in_a_single_call_too(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(behaviour="php_failure")
    answer = sandbox.post(METHOD, {"ID": one})
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert sandbox.listed(one)


def test_a_call_that_stops_halfway_is_cured_by_repeating_it(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(behaviour="halfway", task_users=[4])
    assert stop(sandbox, one)["error"] == ""
    record = sandbox.record(one)
    assert (record["state"], record["tasks"]) == ("running", [])
    assert stop(sandbox, one)["result"] is True
    assert sandbox.record(one)["state"] == "ended"


def test_long_titles_are_cut_or_refused_after_the_stop(sandbox: SandboxProcess) -> None:
    cut, refused, fits = sandbox.add(3)
    assert stop(sandbox, cut, "ä" * 300)["result"] is True
    assert sandbox.record(cut)["title"] == "ä" * 255
    sandbox.set(title_rule="refuse")
    answer = stop(sandbox, refused, "ä" * 256)
    assert answer["error"] == ""
    assert "query error" in answer["error_description"]
    record = sandbox.record(refused)
    assert (record["state"], record["title"] == "ä" * 256) == ("ended", False)
    assert stop(sandbox, fits, "ä" * 255)["result"] is True


def test_four_byte_characters_get_lost_in_three_bytes(sandbox: SandboxProcess) -> None:
    whole, cut, refused = sandbox.add(3)
    stop(sandbox, whole, "before 🚀 after")
    assert sandbox.record(whole)["title"] == "before 🚀 after"
    sandbox.set(title_bytes=3)
    assert stop(sandbox, cut, "before 🚀 after")["result"] is True
    assert sandbox.record(cut)["title"] == "before "
    sandbox.set(title_rule="refuse")
    assert "query error" in stop(sandbox, refused, "before 🚀 after")["error_description"]
    assert not sandbox.listed(refused)


def test_one_whose_title_is_always_refused(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(behaviour="title_refused")
    assert "query error" in stop(sandbox, one)["error_description"]
    assert not sandbox.listed(one)


def test_a_parent_runs_on_inside_the_call(sandbox: SandboxProcess) -> None:
    sandbox.set(slow_terminate_seconds=0.4)
    added = sandbox.of_portal("POST", "workflows", behaviour="parent")
    (child,), (parent,) = added["ids"], added["parents"]
    begun = time.monotonic()
    assert stop(sandbox, child)["result"] is True
    assert time.monotonic() - begun >= 0.4
    assert sandbox.record(parent)["ended_how"] == "itself"
    assert parent < child, "ascending IDs take parents first"


def test_a_slow_one_takes_its_time(sandbox: SandboxProcess) -> None:
    sandbox.set(slow_terminate_seconds=0.4)
    (one,) = sandbox.add(behaviour="slow")
    begun = time.monotonic()
    stop(sandbox, one)
    assert time.monotonic() - begun >= 0.4


def test_the_same_id_twice_in_one_batch_succeeds_twice(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add()
    found = sandbox.batch(
        {"a": (METHOD, {"ID": one, "STATUS": "first"}), "b": (METHOD, {"ID": one, "STATUS": "second"})}
    )
    assert found["result"] == {"a": True, "b": True}
    assert sandbox.record(one)["title"] == "second"
    assert stop(sandbox, one)["error"] == ""


def test_there_is_no_lock_between_two_requests(sandbox: SandboxProcess) -> None:
    sandbox.set(terminate_seconds=0.3)
    (one,) = sandbox.add()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: stop(sandbox, one), range(2)))
    assert [answer.get("result") for answer in answers] == [True, True]
    assert sandbox.record(one)["terminate_calls"] == 2


def test_kill_deletes_it_with_its_data(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(task_users=[4])
    assert sandbox.result("bizproc.workflow.kill", {"ID": one}) is True
    assert sandbox.record(one)["ended_how"] == "kill"
    assert sandbox.result("bizproc.task.list", {"filter": {"WORKFLOW_ID": one}}) == []


def test_start_and_its_first_run(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(template_id=11)
    record = sandbox.record(one)
    document = [record["module_id"], record["entity"], record["document_id"]]
    sandbox.set(first_run_seconds=3.0)
    started = sandbox.result("bizproc.workflow.start", {"TEMPLATE_ID": 11, "DOCUMENT_ID": document})
    assert not sandbox.listed(started), "absence does not prove an end"
    assert sandbox.record(started)["state"] == "running"
    assert wait_until_saved(sandbox, started)["STARTED_BY"] == "1"
    mismatch = sandbox.post("bizproc.workflow.start", {"TEMPLATE_ID": 13, "DOCUMENT_ID": document}).json()
    assert mismatch["error_description"] == "Template type and DOCUMENT_ID mismatch!"
    assert sandbox.post("bizproc.workflow.start", {}).json()["error"] == "ERROR_WRONG_WORKFLOW_ID"


def test_commands_behind_the_one_at_which_php_failed_are_dropped(sandbox: SandboxProcess) -> None:
    before, behind = sandbox.add(2)
    (failing,) = sandbox.add(behaviour="php_failure")
    ids = [before, failing, behind]

    commands = {f"c{place}": f"bizproc.workflow.terminate?ID={one}" for place, one in enumerate(ids)}
    assert sandbox.post("batch", {"cmd": commands}).status_code == 500

    told = [[(call["result"], call["heard"]) for call in sandbox.record(one)["calls"]] for one in ids]
    assert told == [[("stopped", False)], [("failure", False)], [("dropped", False)]]
