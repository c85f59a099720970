"""``im.notify.system.add`` and ``im.notify.personal.add``: who may, who gets one, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.sandbox.process import SandboxProcess

SYSTEM, PERSONAL = "im.notify.system.add", "im.notify.personal.add"


@pytest.fixture
def token(sandbox: SandboxProcess) -> str:
    """The first administrator's, of an application that may notify."""
    sandbox.of_portal("POST", "scope", scope=["bizproc", "im"])
    return sandbox.token()


def told(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.of_portal("GET", "notifications")
    return found


def test_the_systems_kind_comes_under_the_applications_name(sandbox: SandboxProcess, token: str) -> None:
    answer = sandbox.post(SYSTEM, {"USER_ID": 2, "MESSAGE": " Done "}, token)

    (one,) = told(sandbox)
    assert answer.json()["result"] == one["id"]
    assert (one["user_id"], one["from_user_id"], one["message"]) == (2, 0, "Done")
    assert one["title"]


def test_the_personal_kind_comes_from_the_caller(sandbox: SandboxProcess, token: str) -> None:
    sandbox.post(PERSONAL, {"user_id": "2", "message": "Done"}, token)

    (one,) = told(sandbox)
    assert (one["user_id"], one["from_user_id"], one["title"]) == (2, 1, "")


def test_one_with_the_same_tag_takes_the_place_of_the_first(sandbox: SandboxProcess, token: str) -> None:
    for text in ("first", "second"):
        sandbox.post(SYSTEM, {"USER_ID": 1, "MESSAGE": text, "TAG": "job-7"}, token)
    sandbox.post(SYSTEM, {"USER_ID": 1, "MESSAGE": "another", "TAG": "job-8"}, token)

    assert [one["message"] for one in told(sandbox)] == ["second", "another"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"MESSAGE": "x"}, "USER_ID_EMPTY"),
        ({"USER_ID": 0, "MESSAGE": "x"}, "USER_ID_EMPTY"),
        ({"USER_ID": 1}, "MESSAGE_EMPTY"),
        ({"USER_ID": 1, "MESSAGE": "  "}, "MESSAGE_EMPTY"),
    ],
)
def test_what_is_refused(sandbox: SandboxProcess, token: str, params: dict[str, object], code: str) -> None:
    answer = sandbox.post(SYSTEM, params, token)

    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert told(sandbox) == []


def test_somebody_who_is_not_there_gets_none(sandbox: SandboxProcess, token: str) -> None:
    assert sandbox.post(SYSTEM, {"USER_ID": 99999, "MESSAGE": "x"}, token).json()["result"] is False


@pytest.mark.parametrize("method", [SYSTEM, PERSONAL])
def test_it_needs_its_permission(sandbox: SandboxProcess, method: str) -> None:
    answer = sandbox.post(method, {"USER_ID": 1, "MESSAGE": "x"}, sandbox.token())

    assert (answer.status_code, answer.json()["error"]) == (401, "insufficient_scope")
    assert told(sandbox) == []


def test_the_person_sees_it_on_the_portals_page(sandbox: SandboxProcess, token: str) -> None:
    sandbox.post(SYSTEM, {"USER_ID": 1, "MESSAGE": "Job no. 7 <b>has</b> ended"}, token)

    page = requests.get(f"{sandbox.portal}/ui/workflows", timeout=10).text

    assert "Job no. 7 &lt;b&gt;has&lt;/b&gt; ended" in page
