"""Starting and ending the process, and the world it holds."""

from __future__ import annotations

import subprocess
import sys
import time

import requests

from tests.sandbox.process import SandboxProcess, start, stop


def test_one_line_says_where_it_answers_and_a_signal_ends_it() -> None:
    found = start("--workflows", "3", "--portals", "3")
    assert [address.rsplit(":", 1)[0] for address in found.portals] == [
        "http://localhost",
        "http://127.0.0.2",
        "http://127.0.0.3",
    ]
    members = {portal["member_id"] for portal in found.control("GET", "state")["portals"]}
    assert len(members) == 3
    assert stop(found) == 0


def test_a_taken_port_is_said_in_one_sentence(sandbox: SandboxProcess) -> None:
    port = sandbox.portal.rsplit(":", 1)[1]
    done = subprocess.run(
        [sys.executable, "-m", "bxapp.sandbox", "--portal-port", port, "--workflows", "1"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("The sandbox cannot listen:")
    assert done.stderr.count("\n") == 1


def test_the_same_seed_gives_the_same_world(sandbox: SandboxProcess) -> None:
    def world() -> list[tuple[object, ...]]:
        told = ("template_id", "document_name", "started_by", "behaviour", "title")
        return [tuple(one[name] for name in told) for one in sandbox.of_portal("GET", "workflows")]

    first = world()
    sandbox.control("POST", "reset", seed=8)
    other = world()
    sandbox.control("POST", "reset", seed=7)
    assert world() == first
    assert other != first
    assert len(first) == 120


def test_there_is_life_in_the_world(sandbox: SandboxProcess) -> None:
    workflows = sandbox.of_portal("GET", "workflows")
    state = sandbox.of_portal("GET", "")
    assert {one["module_id"] for one in workflows} >= {"crm", "lists", "disk", "tasks"}
    assert any(one["hung"] for one in workflows)
    assert any(one["executing"] for one in workflows)
    listed = {template["id"] for template in state["templates"] if template["listed"]}
    assert any(one["template_id"] not in listed for one in workflows)
    dismissed = {user["id"] for user in state["users"] if not user["active"]}
    assert any(one["started_by"] in dismissed for one in workflows)
    assert any(one["started_by"] == 0 for one in workflows)
    names = " ".join(user["name"] + user["last_name"] for user in state["users"])
    assert all(part in names for part in ("Соколова", "فاطمة", "🚀", "<script>"))
    assert state["tasks"] > 0


def test_each_portal_is_reached_under_its_own_host_only(sandbox: SandboxProcess) -> None:
    port = sandbox.portal.rsplit(":", 1)[1]
    assert requests.get(f"http://127.0.0.1:{port}/rest/profile", timeout=5).status_code == 404
    token = sandbox.token()
    elsewhere = requests.post(f"{sandbox.portals[1]}/rest/profile", json={"auth": token}, timeout=5)
    assert elsewhere.json()["error"] == "invalid_token"


def test_workflows_live_and_die_by_themselves_when_told_to(sandbox: SandboxProcess) -> None:
    (short,) = sandbox.add(behaviour="short_lived", seconds=3.0)
    assert sandbox.listed(short)
    sandbox.set(life_rate_per_second=200)
    until = time.monotonic() + 30
    while time.monotonic() < until and (
        len(sandbox.of_portal("GET", "workflows")) < 140 or sandbox.listed(short)
    ):
        time.sleep(0.05)
    assert not sandbox.listed(short)
    record = sandbox.record(short)
    assert (record["state"], record["ended_how"]) == ("ended", "itself")
    ended = [one for one in sandbox.of_portal("GET", "workflows?state=ended") if one["id"] != short]
    assert ended
    assert {one["ended_how"] for one in ended} == {"itself"}
