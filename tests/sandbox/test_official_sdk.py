"""The official ``b24pysdk`` against the sandbox, unchanged.

The SDK speaks https only and has the address of the authorization server built in
(``https://oauth.bitrix24.tech``). Nothing of it is patched: its requests go through a proxy, set by the
usual environment variable, which speaks TLS towards the SDK and http towards the sandbox.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from b24pysdk import Client
from b24pysdk.credentials import BitrixApp, BitrixToken, BitrixWebhook, OAuthEventData, OAuthPlacementData
from b24pysdk.errors import BitrixAPIAccessDenied, BitrixAPIError
from b24pysdk.errors.oauth import BitrixOAuthInvalidGrant

from tests.sandbox.process import CLIENT_ID, CLIENT_SECRET
from tests.sandbox.tls_proxy import TlsProxy, write_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sandbox.process import SandboxProcess

AUTHORIZATION_HOST = "oauth.bitrix24.tech"
PORTAL_HOST = "portal.example"
NEW_HOST = "127.0.1.1"
APP = BitrixApp(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)


@pytest.fixture
def portal(
    sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SandboxProcess]:
    """The sandbox as the SDK sees it: a portal and an authorization server on https."""
    own = sandbox.control("GET", "state")["authorization"]
    certificate = write_certificate(tmp_path, [AUTHORIZATION_HOST, PORTAL_HOST, NEW_HOST])
    routes = {AUTHORIZATION_HOST: _address(own), PORTAL_HOST: _address(sandbox.portal)}
    # The SDK forgets the port of a new domain.
    routes[NEW_HOST] = (NEW_HOST, _address(sandbox.portal)[1])
    proxy = TlsProxy(certificate, routes)
    proxy.start()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    sandbox.set(public_origin=f"https://{PORTAL_HOST}")
    sandbox.control("PATCH", "authorization", origin=f"https://{AUTHORIZATION_HOST}")
    yield sandbox
    sandbox.control("PATCH", "authorization", origin=own)
    proxy.stop()


def _address(origin: str) -> tuple[str, int]:
    return "127.0.0.1", int(origin.rsplit(":", 1)[1])


def placement(portal: SandboxProcess, user_id: int = 1, **options: Any) -> OAuthPlacementData:
    """A launch, read by the SDK: query string and form together."""
    launch = portal.launch(user_id, **options)
    query = {name: values[0] for name, values in parse_qs(urlsplit(launch["url"]).query).items()}
    return OAuthPlacementData.from_dict({**query, **launch["fields"]})


def token_of(portal: SandboxProcess, user_id: int = 1) -> BitrixToken:
    return BitrixToken.from_oauth_placement_data(placement(portal, user_id), APP)


def test_a_launch_is_confirmed_by_the_authorization_server(portal: SandboxProcess) -> None:
    data = placement(portal, 2)
    info = data.get_app_info(APP)
    assert data.validate_against_app_info(info)
    assert (info.client_id, info.user_id, info.install.domain) == (CLIENT_ID, 2, PORTAL_HOST)
    assert set(info.install.scope) >= {"bizproc", "user_brief"}
    older = placement(portal, 2, older=True)
    assert older.validate_against_app_info(older.get_app_info(APP))


def test_installing_binds_handlers_and_the_event_is_read(portal: SandboxProcess) -> None:
    client = Client(token_of(portal))
    handler = "http://127.0.0.1:9/events/"
    assert client.event.bind("ONAPPINSTALL", handler=handler).result is True
    with pytest.raises(BitrixAPIError, match="already binded"):
        _ = client.event.bind("ONAPPINSTALL", handler=handler).result
    assert [one["event"] for one in client.event.get().result] == ["ONAPPINSTALL"]
    (sent,) = portal.of_portal("POST", "events", event="ONAPPINSTALL")
    event = OAuthEventData.from_dict(sent["fields"])
    assert event.validate_against_app_info(event.get_app_info(APP))
    assert (event.event, event.is_system) == ("ONAPPINSTALL", False)
    (removed,) = portal.of_portal("POST", "events", event="ONAPPUNINSTALL", url=handler)
    assert OAuthEventData.from_dict(removed["fields"]).is_system


def test_an_expired_token_is_refreshed_by_itself(portal: SandboxProcess) -> None:
    token = token_of(portal)
    old, old_refresh = token.auth_token, token.refresh_token
    portal.of_portal("POST", "tokens/expire")
    assert token.call_method("profile")["result"]["ID"] == "1"
    assert token.auth_token != old
    assert token.refresh_token != old_refresh
    with pytest.raises(BitrixOAuthInvalidGrant):
        APP.refresh_oauth_token(str(old_refresh))


def test_a_code_is_exchanged(portal: SandboxProcess) -> None:
    portal.set(code_answer_short=False)
    code = portal.of_portal("POST", "code", user_id=2)["code"]
    renewed = APP.get_oauth_token(code)
    assert renewed.user_id == 2
    assert renewed.validate_against_app_info(APP.get_app_info(renewed.oauth_token.access_token).result)


def test_a_list_in_all_its_ways(portal: SandboxProcess) -> None:
    client = Client(token_of(portal))
    request = client.bizproc.workflow.instances(select=["ID", "STARTED"], order={"ID": "ASC"})
    assert (len(request.result), request.response.total, request.response.next) == (50, 120, 50)
    everything = [row["ID"] for row in request.as_list().result]
    assert len(everything) == 120
    assert everything == sorted(everything)
    method = "bizproc.workflow.template.list"
    fast = list(token_of(portal).call_list_fast(method, {"select": ["ID", "NAME"]})["result"])
    assert [int(row["ID"]) for row in fast] == sorted(int(row["ID"]) for row in fast)
    assert len(fast) == 14


def test_a_batch_by_name_and_by_number(portal: SandboxProcess) -> None:
    token = token_of(portal)
    entity = "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic"
    asked = {"select": ["ID", "ENTITY"], "filter": {">=ENTITY": entity, "<=ENTITY": entity}}
    found = token.call_batch({"rows": ("bizproc.workflow.instances", asked), "me": ("profile", {})})["result"]
    assert {row["ENTITY"] for row in found["result"]["rows"]} == {entity}
    numbered = token.call_batch([("profile", {}), ("no.such.method", {})])["result"]
    assert isinstance(numbered["result"], list)
    assert numbered["result_error"]["1"]["error"] == "ERROR_METHOD_NOT_FOUND"
    many = token.call_batches([("user.get", {"filter": {"ID": number}}) for number in range(1, 121)])
    assert len(many["result"]["result"]) == 120


def test_terminating_one_and_many(portal: SandboxProcess) -> None:
    ids = portal.add(60)
    token = token_of(portal)
    workflow = Client(token).bizproc.workflow
    assert workflow.terminate(ids[0], status="Stopped by the SDK").result is True
    assert portal.record(ids[0])["title"] == "Stopped by the SDK"
    with pytest.raises(BitrixAPIError, match=r"The business process is not found\."):
        _ = workflow.terminate(ids[0]).result
    methods = {one: ("bizproc.workflow.terminate", {"ID": one, "STATUS": "Alle & <b>"}) for one in ids[1:]}
    found = token.call_batches(methods)["result"]
    assert set(found["result"]) == set(ids[1:])
    assert {portal.record(one)["title"] for one in ids[1:]} == {"Alle & <b>"}
    assert workflow.kill(portal.add()[0]).result is True


def test_others_are_refused(portal: SandboxProcess) -> None:
    with pytest.raises(BitrixAPIAccessDenied):
        _ = Client(token_of(portal, 4)).bizproc.workflow.instances().result


def test_a_new_domain_is_followed(portal: SandboxProcess) -> None:
    token = token_of(portal)
    portal.set(moved=True)
    assert token.call_method("profile")["result"]["ID"] == "1"
    assert token.domain == NEW_HOST


def test_a_limit_is_waited_for(portal: SandboxProcess) -> None:
    token = token_of(portal)
    portal.control("POST", "faults", kind="limit", times=1)
    begun = time.monotonic()
    assert token.call_method("profile", initial_retry_delay=0.2)["result"]["ID"] == "1"
    assert time.monotonic() - begun >= 0.2


def test_an_incoming_webhook(portal: SandboxProcess) -> None:
    secret = portal.of_portal("GET", "")["webhooks"][0].rstrip("/").rsplit("/", 1)[1]
    webhook = BitrixWebhook(domain=PORTAL_HOST, webhook_token=f"1/{secret}")
    assert Client(webhook).profile().result["ID"] == "1"
