"""Laws of the house that concern coming in: one door out, no secret in a log, the person's own clock."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest
from django.http import HttpResponse
from django.utils import timezone
from django.utils.timezone import get_current_timezone_name

from bxapp.bitrix.methods import profile
from bxapp.portals.grants import client_for
from bxapp.portals.models import AccessGrant
from bxapp.portals.sessions import Actor, Channel
from bxapp.web.middleware import LocaleMiddleware
from deploy.stack import ROOT

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.test import Client, RequestFactory

    from tests.portals.sandbox import Sandbox


def test_clients_are_made_in_one_place() -> None:
    made_in = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "bxapp").rglob("*.py"))
        if path.relative_to(ROOT).parts[1] not in {"bitrix", "sandbox"}
        and re.search(r"\bClient\((?!\))", path.read_text())
    ]

    assert made_in == ["bxapp/portals/grants.py"]


@pytest.mark.django_db
def test_no_log_holds_a_secret(client: Client, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests_oauthlib", "oauthlib"):
        caplog.set_level(logging.WARNING, name)

    address, fields = sandbox.launch(installer=False)
    client.post(address, fields)
    client.post(address, fields | {"AUTH_ID": "f" * 70})
    client.post(address, fields | {"member_id": "0" * 32})
    client.post("/events/", sandbox.event("ONAPPINSTALL", overrides={"auth[application_token]": "e" * 32}))
    AccessGrant.objects.update(expires_at=timezone.now())
    profile(client_for(AccessGrant.objects.select_related("portal").get()))

    known = sandbox.control("GET", "/tokens")
    assert caplog.text, "something was logged at all"
    for secret in (*known["access"], *known["refresh"], fields["APPLICATION_TOKEN"], "f" * 70, "e" * 32):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("named", "active"),
    [("Europe/Berlin", "Europe/Berlin"), ("", "UTC"), ("Mars/Base", "UTC"), ("../x", "UTC")],
)
def test_a_page_shows_the_persons_own_time(rf: RequestFactory, named: str, active: str) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(get_current_timezone_name())

    request = rf.get("/workflows/")
    grant = AccessGrant(time_zone=named, language="de")
    request.actor = Actor(None, grant, Channel.BROWSER)  # type: ignore[attr-defined, arg-type]  # no portal is needed

    answer = LocaleMiddleware(view)(request)

    assert isinstance(answer, HttpResponse)
    assert answer.content.decode() == active
    assert answer["Content-Language"] == "de"
    assert get_current_timezone_name() == "UTC"
