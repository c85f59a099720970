"""``batch``: shapes of PHP arrays, references, halt, limits, and what a PHP failure takes with it."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.sandbox.process import SandboxProcess


def run(sandbox: SandboxProcess, cmd: Any, halt: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.result("batch", {"cmd": cmd, "halt": halt})
    return found


def test_named_commands_give_objects_and_what_is_empty_a_list(sandbox: SandboxProcess) -> None:
    found = run(sandbox, {"me": "profile", "users": "user.get?filter[ID]=1"})
    assert found["result"]["me"]["ID"] == "1"
    assert found["result"]["users"][0]["NAME"] == "Anna"
    assert found["result_total"] == {"users": 1}
    assert found["result_error"] == []
    assert found["result_next"] == []
    assert set(found["result_time"]) == {"me", "users"}


def test_numbered_commands_change_their_shape_when_one_fails(sandbox: SandboxProcess) -> None:
    good = run(sandbox, ["profile", "profile"])
    assert isinstance(good["result"], list)
    first_fails = run(sandbox, ["no.such.method", "profile"])
    assert list(first_fails["result"]) == ["1"]
    assert isinstance(first_fails["result_error"], list)
    assert first_fails["result_error"][0]["error"] == "ERROR_METHOD_NOT_FOUND"
    last_fails = run(sandbox, ["profile", "no.such.method"])
    assert isinstance(last_fails["result"], list)
    assert list(last_fails["result_error"]) == ["1"]


def test_a_batch_answers_200_even_if_all_commands_fail(sandbox: SandboxProcess) -> None:
    answer = sandbox.post("batch", {"cmd": {"a": "x", "b": "batch?cmd[a]=profile"}})
    assert answer.status_code == 200
    found = answer.json()["result"]
    assert found["result"] == []
    assert found["result_error"]["b"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_the_token_is_checked_before_any_command_runs(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    (one,) = sandbox.add()
    sandbox.of_portal("POST", "tokens/expire")
    answer = sandbox.post("batch", {"cmd": {"a": f"bizproc.workflow.terminate?ID={one}"}}, token)
    assert (answer.status_code, answer.json()["error"]) == (401, "expired_token")
    assert sandbox.record(one)["terminate_calls"] == 0


def test_commands_beyond_the_fiftieth_fail(sandbox: SandboxProcess) -> None:
    found = run(sandbox, {f"k{number}": "profile" for number in range(52)})
    assert len(found["result"]) == 50
    assert {key: one["error"] for key, one in found["result_error"].items()} == {
        "k50": "ERROR_BATCH_LENGTH_EXCEEDED",
        "k51": "ERROR_BATCH_LENGTH_EXCEEDED",
    }


def test_halt_stops_at_the_first_error(sandbox: SandboxProcess) -> None:
    cmd = {"a": "profile", "b": "no.such.method", "c": "profile"}
    halted = run(sandbox, cmd, halt=1)
    assert (list(halted["result"]), list(halted["result_error"])) == (["a"], ["b"])
    assert list(run(sandbox, cmd)["result"]) == ["a", "c"]


def test_a_form_body_works_like_json(sandbox: SandboxProcess) -> None:
    body = {
        "auth": sandbox.token(),
        "cmd[me]": "profile",
        "cmd[users]": "user.get?filter[ID][]=1&filter[ID][]=2",
    }
    found = sandbox.http.post(f"{sandbox.portal}/rest/batch", data=body, timeout=10).json()["result"]
    assert [user["ID"] for user in found["result"]["users"]] == ["1", "2"]


def test_a_command_uses_an_earlier_result(sandbox: SandboxProcess) -> None:
    found = run(
        sandbox,
        {
            "users": "user.get?filter[ID][]=2&filter[ID][]=4",
            "second": "user.get?filter[ID]=$result[users][1][ID]",
            "all": "user.get?filter[ID]=$result[users]",
        },
    )
    assert found["result"]["second"][0]["ID"] == "4"
    assert len(found["result"]["all"]) == 1, "an array of arrays is 1 as a number"


def title_after(sandbox: SandboxProcess, text: str, *before: str) -> str:
    """The stored title when ``text`` is sent in a batch after the commands ``before``."""
    (one,) = sandbox.add()
    commands = {f"before{number}": command for number, command in enumerate(before)}
    commands["stop"] = f"bizproc.workflow.terminate?ID={one}&STATUS={quote(text, safe='')}"
    assert run(sandbox, commands)["result"]["stop"] is True
    title: str = sandbox.record(one)["title"]
    return title


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("by $result[before0][NAME]", "by Anna"),
        ("$result[before0][NAME]", "Anna"),
        ("by $RESULT[before0][NAME]", "by $RESULT[before0][NAME]"),
        ("$Result[before0][NAME]", "Terminated"),
        ("$result[before0]", "Array"),
        ("see $result[before0]", "see $result[before0]"),
        ("$result[nobody]", "Array"),
        ("$total[before1] of them", "1 of them"),
        ("$next[before1] of them", "$next[before1] of them"),
        ("costs 5$ $result", "costs 5$ $result"),
        ("$resultant[before0][NAME]!", "Anna"),
        ("$result[before0][NAME], twice $result[before0][NAME],", "Anna twice Anna"),
    ],
)
def test_references_are_replaced_in_texts_of_users_too(
    sandbox: SandboxProcess, text: str, stored: str
) -> None:
    assert title_after(sandbox, text, "profile", "user.get?filter[ID]=1") == stored


def test_a_single_call_leaves_references_alone(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add()
    text = "$result[a] stays"
    assert sandbox.result("bizproc.workflow.terminate", {"ID": one, "STATUS": text}) is True
    assert sandbox.record(one)["title"] == text


def test_a_raw_hash_ends_a_command(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add()
    run(sandbox, {"stop": f"bizproc.workflow.terminate?ID={one}&STATUS=case #7&more=1"})
    assert sandbox.record(one)["title"] == "case"
    assert title_after(sandbox, "case #7 & 100 % + more?") == "case #7 & 100 % + more?"


def test_a_proactive_filter_alters_what_looks_like_an_attack(sandbox: SandboxProcess) -> None:
    sandbox.set(proactive_filter=True)
    assert title_after(sandbox, "<script>x</script> ../..") != "<script>x</script> ../.."
    assert title_after(sandbox, "an innocent text") == "an innocent text"


def test_commands_run_one_after_the_other_and_time_tells_it(sandbox: SandboxProcess) -> None:
    sandbox.set(terminate_seconds=0.1)

    def is_even() -> bool:
        ids = sandbox.add(4)
        cmd = {f"k{number}": f"bizproc.workflow.terminate?ID={one}" for number, one in enumerate(ids)}
        before = time.time()
        answer = sandbox.post("batch", {"cmd": cmd}).json()
        ends: list[float] = [one["finish"] for one in answer["result"]["result_time"].values()]
        steps = [later - earlier for earlier, later in itertools.pairwise(ends)]
        assert len(steps) == 3
        assert min(steps) > 0.04
        assert ends[-1] - ends[0] <= time.time() - before
        return max(steps) < 0.25 and abs((ends[-1] - ends[0]) * 4 / 3 - 0.4) <= 0.15

    # Several attempts: a machine that stands still makes a step as long as that takes.
    assert any(is_even() for _ in range(5)), "what one lasts too long is taken off the next"


def test_a_php_failure_takes_the_batch_down_and_leaves_what_was_done(sandbox: SandboxProcess) -> None:
    first, last = sandbox.add(2)
    (bad,) = sandbox.add(behaviour="php_failure")
    cmd = {
        key: f"bizproc.workflow.terminate?ID={one}"
        for key, one in zip("abc", (first, bad, last), strict=True)
    }
    answer = sandbox.post("batch", {"cmd": cmd})
    assert answer.status_code == 500
    assert "text/html" in answer.headers["Content-Type"]
    assert sandbox.record(first)["state"] == "ended"
    assert sandbox.record(bad)["state"] == sandbox.record(last)["state"] == "running"
    assert sandbox.record(last)["terminate_calls"] == 0
