"""The authorization server: codes, pairs that rotate, expiry, and every refusal."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.process import CLIENT_ID, CLIENT_SECRET, SandboxProcess


def ask_token(sandbox: SandboxProcess, verb: str = "POST", **fields: str) -> requests.Response:
    whole = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **fields}
    place = {"params": whole} if verb == "GET" else {"data": whole}
    return requests.request(verb, f"{sandbox.authorization}/oauth/token/", timeout=10, **place)  # type: ignore[arg-type]


def refresh(sandbox: SandboxProcess, token: str, verb: str = "POST", **fields: str) -> requests.Response:
    return ask_token(sandbox, verb, grant_type="refresh_token", refresh_token=token, **fields)


def app_info(sandbox: SandboxProcess, token: str) -> requests.Response:
    return requests.post(f"{sandbox.authorization}/rest/app.info", data={"auth": token}, timeout=10)


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_refresh_gives_a_new_pair(sandbox: SandboxProcess, verb: str) -> None:
    fields = sandbox.launch()["fields"]
    answer = refresh(sandbox, fields["REFRESH_ID"], verb).json()
    assert answer["access_token"] not in {fields["AUTH_ID"], fields["REFRESH_ID"]}
    assert answer["refresh_token"] != fields["REFRESH_ID"]
    assert answer["member_id"] == fields["member_id"]
    assert answer["client_endpoint"] == f"{sandbox.portal}/rest/"
    assert answer["server_endpoint"] == f"{sandbox.authorization}/rest/"
    assert answer["domain"] == urlsplit(sandbox.authorization).netloc
    assert (answer["expires_in"], answer["user_id"], answer["status"]) == (3600, 1, "L")
    assert abs(answer["expires"] - time.time() - 3600) < 5
    assert sandbox.result("profile", token=answer["access_token"])["ID"] == "1"


def test_a_refresh_token_works_once(sandbox: SandboxProcess) -> None:
    token = sandbox.launch()["fields"]["REFRESH_ID"]
    assert refresh(sandbox, token).status_code == 200
    again = refresh(sandbox, token)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


def test_of_two_refreshes_at_once_one_loses(sandbox: SandboxProcess) -> None:
    token = sandbox.launch()["fields"]["REFRESH_ID"]
    sandbox.control("POST", "faults", kind="slow", server="authorization", seconds=0.2)
    with ThreadPoolExecutor(2) as pool:
        answers = [one.json() for one in pool.map(lambda _: refresh(sandbox, token), range(2))]
    assert sorted("error" in answer for answer in answers) == [False, True]


def test_the_lifetime_of_an_access_token_can_be_seconds(sandbox: SandboxProcess) -> None:
    sandbox.set(access_token_seconds=1)
    fields = sandbox.launch()["fields"]
    assert fields["AUTH_EXPIRES"] == "1"
    time.sleep(1.1)
    late = sandbox.post("profile", token=fields["AUTH_ID"])
    assert (late.status_code, late.json()["error"]) == (401, "expired_token")
    assert app_info(sandbox, fields["AUTH_ID"]).json()["error"] == "expired_token"
    sandbox.set(access_token_seconds=3600)
    fresh = refresh(sandbox, fields["REFRESH_ID"]).json()
    assert sandbox.result("profile", token=fresh["access_token"])


def test_a_refresh_token_ends_too(sandbox: SandboxProcess) -> None:
    sandbox.set(refresh_token_seconds=0.0)
    assert refresh(sandbox, sandbox.launch()["fields"]["REFRESH_ID"]).json()["error"] == "invalid_grant"


def test_app_info_tells_whose_a_token_is(sandbox: SandboxProcess) -> None:
    fields = sandbox.launch(2)["fields"]
    result = app_info(sandbox, fields["AUTH_ID"]).json()["result"]
    assert (result["client_id"], result["user_id"]) == (CLIENT_ID, 2)
    install = result["install"]
    assert install["member_id"] == fields["member_id"]
    assert install["client_endpoint"] == f"{sandbox.portal}/rest/"
    assert install["installed"] is False
    by_query = requests.get(
        f"{sandbox.authorization}/rest/app.info/", params={"auth": fields["AUTH_ID"]}, timeout=10
    )
    assert by_query.json()["result"] == result


def test_app_info_of_tokens_that_are_not_ours(sandbox: SandboxProcess) -> None:
    assert app_info(sandbox, "nobody's").json() == {"error": "invalid_client"}
    assert app_info(sandbox, "").json()["error"] == "NO_AUTH_FOUND"
    foreign = sandbox.token(client_id="local.foreign")
    assert app_info(sandbox, foreign).json()["result"]["client_id"] == "local.foreign"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "local.nobody"}, "invalid_client"),
        ({"client_id": ""}, "invalid_request"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "unknown"}, "invalid_grant"),
    ],
)
def test_refusals_of_the_token_address(sandbox: SandboxProcess, fields: dict[str, str], code: str) -> None:
    assert ask_token(sandbox, **fields).json()["error"] == code


def test_a_foreign_application_cannot_use_our_refresh_token(sandbox: SandboxProcess) -> None:
    token = sandbox.launch()["fields"]["REFRESH_ID"]
    foreign = {"client_id": "local.foreign", "client_secret": "foreign-secret"}
    assert refresh(sandbox, token, **foreign).json()["error"] == "WRONG_CLIENT"


def test_a_removed_application_and_an_unpaid_one(sandbox: SandboxProcess) -> None:
    fields = sandbox.launch()["fields"]
    sandbox.set(payment_expired=True)
    assert refresh(sandbox, fields["REFRESH_ID"]).json()["error"] == "PAYMENT_REQUIRED"
    assert sandbox.post("profile", token=fields["AUTH_ID"]).json()["error"] == "PAYMENT_REQUIRED"
    sandbox.set(payment_expired=False)
    sandbox.of_portal("POST", "uninstall")
    assert refresh(sandbox, fields["REFRESH_ID"]).json()["error"] == "NOT_INSTALLED"


@pytest.mark.parametrize("code", ["insufficient_scope", "invalid_scope", "bad_verification_code"])
def test_any_other_code_on_request(sandbox: SandboxProcess, code: str) -> None:
    fault = {
        "kind": "oauth_error",
        "server": "authorization",
        "method": "oauth/token",
        "code": code,
        "status": 403,
    }
    sandbox.control("POST", "faults", **fault)
    answer = refresh(sandbox, "any")
    assert (answer.status_code, answer.json()) == (403, {"error": code})


def test_the_pair_of_a_dismissed_owner_may_move_to_a_system_user(sandbox: SandboxProcess) -> None:
    token = sandbox.launch(2)["fields"]["REFRESH_ID"]
    sandbox.of_portal("POST", "users/2", active=False)
    sandbox.set(moves_pairs_of_dismissed=True)
    answer = refresh(sandbox, token).json()
    assert answer["user_id"] == 100
    assert sandbox.result("user.get", {"filter": {"ID": [100]}}, answer["access_token"]) == []


def authorize(sandbox: SandboxProcess, **query: str) -> dict[str, Any]:
    answer = requests.get(
        f"{sandbox.portal}/oauth/authorize/", params=query, allow_redirects=False, timeout=10
    )
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def test_a_code_is_exchanged_once_and_soon(sandbox: SandboxProcess) -> None:
    back = authorize(sandbox, client_id=CLIENT_ID, state="kept as it is & more")
    assert back["state"] == "kept as it is & more"
    assert back["domain"] == urlsplit(sandbox.portal).netloc
    assert back["server_domain"] == urlsplit(sandbox.authorization).netloc
    assert set(back["scope"].split(",")) >= {"bizproc", "user_brief"}
    answer = ask_token(sandbox, grant_type="authorization_code", code=back["code"]).json()
    assert answer["member_id"] == back["member_id"]
    assert not {"expires", "user_id"} & set(answer)
    again = ask_token(sandbox, grant_type="authorization_code", code=back["code"])
    assert again.json()["error"] == "invalid_grant"
    sandbox.set(code_seconds=0.0)
    late = authorize(sandbox, client_id=CLIENT_ID)["code"]
    assert (
        ask_token(sandbox, grant_type="authorization_code", code=late).json()["error"]
        == "bad_verification_code"
    )


def test_an_application_that_is_not_there_gets_no_redirect(sandbox: SandboxProcess) -> None:
    address = f"{sandbox.portal}/oauth/authorize/?client_id=local.nobody"
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
