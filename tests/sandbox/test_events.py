"""Installing, updating, removing: bound handlers and what the portal's queue posts to them."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.process import SandboxProcess


class Listener:
    """A small HTTP server that keeps the forms it got."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                listener.forms.append(dict(parse_qsl(body, keep_blank_values=True)))
                self.send_response(202)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                """Keep the tests' output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count: int) -> None:
        until = time.monotonic() + 5
        while len(self.forms) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.forms) == count


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.server.shutdown()
    found.server.server_close()


def bind(sandbox: SandboxProcess, url: str, *events: str, user_id: int = 1) -> None:
    token = sandbox.token(user_id)
    for event in events:
        assert sandbox.result("event.bind", {"event": event, "handler": url}, token) is True


def test_binding_twice_answers_400(sandbox: SandboxProcess, listener: Listener) -> None:
    bind(sandbox, listener.url, "OnAppInstall")
    again = sandbox.post("event.bind", {"EVENT": "ONAPPINSTALL", "HANDLER": listener.url})
    assert again.status_code == 400
    assert again.json() == {
        "error": "ERROR_CORE",
        "error_description": "Unable to set event handler: Handler already binded",
    }
    assert sandbox.result("event.get") == [
        {"event": "ONAPPINSTALL", "handler": listener.url, "auth_type": "0", "offline": 0}
    ]
    assert sandbox.result("event.unbind", {"event": "ONAPPINSTALL", "handler": listener.url}) == {"count": 1}
    assert sandbox.result("event.get") == []


def test_the_bind_of_someone_who_is_no_administrator_doubles_events(
    sandbox: SandboxProcess, listener: Listener
) -> None:
    bind(sandbox, listener.url, "ONAPPINSTALL")
    bind(sandbox, listener.url, "ONAPPINSTALL", user_id=3)
    sandbox.of_portal("POST", "finish")
    listener.wait(2)
    assert sandbox.result("event.get", token=sandbox.token(3))[0]["auth_type"] == "3"
    refused = {"event": "ONAPPINSTALL", "handler": listener.url, "auth_type": 1}
    assert sandbox.post("event.bind", refused, sandbox.token(3)).status_code == 403


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"handler": "http://127.0.0.1/x"}, "ERROR_ARGUMENT"),
        ({"event": "ONAPPINSTALL"}, "ERROR_ARGUMENT"),
        ({"event": "NOSUCH", "handler": "http://127.0.0.1/x"}, "ERROR_EVENT_NOT_FOUND"),
        ({"event": "ONAPPINSTALL", "handler": "http://localhost/x"}, "ERROR_WRONG_HANDLER_URL"),
        ({"event": "ONAPPINSTALL", "handler": "ftp://127.0.0.1/x"}, "ERROR_UNSUPPORTED_PROTOCOL"),
    ],
)
def test_binds_that_are_refused(sandbox: SandboxProcess, params: dict[str, str], code: str) -> None:
    answer = sandbox.post("event.bind", params)
    assert (answer.status_code, answer.json()["error"]) == (400, code)


def test_finishing_the_installation_tells_it_once(sandbox: SandboxProcess, listener: Listener) -> None:
    bind(sandbox, listener.url, "ONAPPINSTALL", "ONAPPUNINSTALL")
    for _ in range(2):
        assert sandbox.of_portal("POST", "finish", user_id=2)["installed"] is True
    listener.wait(1)
    form = listener.forms[0]
    assert form["event"] == "ONAPPINSTALL"
    assert (form["data[VERSION]"], form["data[ACTIVE]"], form["data[INSTALLED]"]) == ("1", "Y", "Y")
    assert abs(int(form["ts"]) - time.time()) < 5
    application = sandbox.of_portal("GET", "")["applications"][0]
    assert form["auth[application_token]"] == application["application_token"]
    assert form["auth[client_endpoint]"] == f"{sandbox.portal}/rest/"
    assert form["auth[server_endpoint]"] == f"{sandbox.authorization}/rest/"
    assert sandbox.result("profile", token=form["auth[access_token]"])["ID"] == "2"
    assert form["auth[refresh_token]"]
    assert int(form["event_handler_id"]) > 0


def test_removing_tells_it_without_tokens_and_ends_everything(
    sandbox: SandboxProcess, listener: Listener
) -> None:
    bind(sandbox, listener.url, "ONAPPUNINSTALL")
    sandbox.of_portal("POST", "finish")
    token = sandbox.token()
    before = sandbox.of_portal("GET", "")["applications"][0]["application_token"]
    (delivery,) = sandbox.of_portal("POST", "uninstall", clean=True)
    assert delivery["status"] == 202
    form = listener.forms[0]
    assert (form["event"], form["data[CLEAN]"]) == ("ONAPPUNINSTALL", "1")
    assert form["auth[application_token]"] == before
    assert not {"auth[access_token]", "auth[refresh_token]"} & set(form)
    assert sandbox.post("profile", token=token).json()["error"] == "invalid_token"
    again = sandbox.of_portal("POST", "install")
    assert (again["installed"], again["handlers"]) == (False, [])
    assert again["application_token"] != before


def test_before_the_end_of_the_installation_nothing_is_told(
    sandbox: SandboxProcess, listener: Listener
) -> None:
    bind(sandbox, listener.url, "ONAPPUNINSTALL")
    assert sandbox.of_portal("POST", "uninstall") == []
    assert listener.forms == []


def test_a_new_version_runs_the_installer_again(sandbox: SandboxProcess, listener: Listener) -> None:
    bind(sandbox, listener.url, "ONAPPUPDATE")
    sandbox.of_portal("POST", "finish")
    token = sandbox.token()
    assert sandbox.of_portal("POST", "update")["installed"] is False
    assert sandbox.result("app.info", token=token)["VERSION"] == 2, "stored tokens go on working"
    assert "/install/" in sandbox.launch()["url"]
    sandbox.of_portal("POST", "finish")
    listener.wait(1)
    assert (listener.forms[0]["event"], listener.forms[0]["data[VERSION]"]) == ("ONAPPUPDATE", "2")
    sandbox.set(update_deletes_handlers=True)
    assert sandbox.of_portal("POST", "update")["handlers"] == []


def test_an_event_can_be_made_up(sandbox: SandboxProcess, listener: Listener) -> None:
    overrides = {"auth[member_id]": "another's", "auth[scope]": None, "extra": "1"}
    (delivery,) = sandbox.of_portal(
        "POST", "events", event="ONAPPINSTALL", url=listener.url, overrides=overrides
    )
    assert delivery["status"] == 202
    form = listener.forms[0]
    assert (form["auth[member_id]"], form["extra"]) == ("another's", "1")
    assert "auth[scope]" not in form
    (unreachable,) = sandbox.of_portal("POST", "events", event="ONAPPINSTALL", url="http://127.0.0.1:9/")
    assert (unreachable["status"], bool(unreachable["error"])) == (0, True)


def test_no_events_without_payment(sandbox: SandboxProcess, listener: Listener) -> None:
    bind(sandbox, listener.url, "ONAPPINSTALL")
    sandbox.set(payment_expired=True)
    sandbox.of_portal("POST", "finish")
    time.sleep(0.2)
    assert listener.forms == []


def test_the_launch_form_in_both_lengths(sandbox: SandboxProcess) -> None:
    form = sandbox.launch(2, placement_options={"URI": "", "x": "<1>"})
    query = {name: values[0] for name, values in parse_qs(urlsplit(form["url"]).query).items()}
    domain = urlsplit(sandbox.portal).netloc
    assert (query["DOMAIN"], query["PROTOCOL"], query["LANG"]) == (domain, "0", "en")
    assert form["frame_name"] == f"{domain}|0|{query['APP_SID']}"
    fields = form["fields"]
    assert (fields["AUTH_EXPIRES"], fields["status"], fields["PLACEMENT"]) == ("3600", "L", "DEFAULT")
    assert fields["SERVER_ENDPOINT"] == f"{sandbox.authorization}/rest/"
    assert fields["PLACEMENT_OPTIONS"] == '{"URI": "", "x": "<1>"}'
    older = sandbox.launch(2, older=True)["fields"]
    assert not {"SERVER_ENDPOINT", "APPLICATION_TOKEN", "APPLICATION_SCOPE"} & set(older)
    assert "PLACEMENT_OPTIONS" not in sandbox.launch(2, placement="CRM_DEAL_DETAIL_TAB")["fields"]


def test_the_installer_url_is_opened_until_the_installation_is_finished(sandbox: SandboxProcess) -> None:
    assert urlsplit(sandbox.launch()["url"]).path == "/install/"
    assert urlsplit(sandbox.launch(installer=False)["url"]).path == "/app/"
    sandbox.of_portal("POST", "finish")
    assert urlsplit(sandbox.launch()["url"]).path == "/app/"


def test_widgets_are_bound_once_and_opened_where_they_are(sandbox: SandboxProcess) -> None:
    bind_params = {
        "PLACEMENT": "CRM_DEAL_DETAIL_TAB",
        "HANDLER": "http://127.0.0.1:8000/tab/",
        "TITLE": "Stop",
    }
    sandbox.of_portal("POST", "finish")
    assert sandbox.result("placement.bind", bind_params) is True
    again = sandbox.post("placement.bind", bind_params)
    assert again.status_code == 400
    assert again.json()["error_description"] == "Unable to set placement handler: Handler already binded"
    assert sandbox.post("placement.bind", bind_params, sandbox.token(4)).status_code == 403
    assert sandbox.result("placement.get")[0]["title"] == "Stop"
    launch = sandbox.launch(placement="CRM_DEAL_DETAIL_TAB", placement_options={"ID": "8061"})
    assert urlsplit(launch["url"]).path == "/tab/"
    assert sandbox.result("placement.unbind", {"PLACEMENT": "CRM_DEAL_DETAIL_TAB"}) == {"count": 2}
    other_origin = requests.options(f"{sandbox.portal}/rest/profile", timeout=10)
    assert other_origin.headers["Access-Control-Allow-Origin"] == "*"
