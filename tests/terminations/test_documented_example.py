"""The example of the platform's documentation of ``bizproc.workflow.terminate``, by webhook and by OAuth.

What leaves is compared with the page's requests (tabs "cURL (Webhook)" and "cURL (OAuth)"), and the commands
are those of our README.
"""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bxapp.bitrix.webhooks import read_webhook
from bxapp.portals.models import Portal
from bxapp.terminations.jobs import recording
from deploy.stack import ROOT
from tests.terminations.terminal import typed
from tests.terminations.wire import wire_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

    from tests.terminations.scene import Scene
    from tests.terminations.wire import Passed, Wire

WORKFLOW_ID = "65e5a449e8f135.21284909"
STATUS = "Terminated by rest app."
METHOD = "bizproc.workflow.terminate"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "FIRST_GHOST_LOOK", timedelta(seconds=1))


@pytest.fixture
def wire(scene: Scene) -> Iterator[Wire]:
    """The documentation's workflow runs in the portal, and everything to it passes here."""
    scene.add(id=WORKFLOW_ID)
    with wire_to(scene.sandbox.portals[0]) as wire:
        yield wire


def _one_liner(marked_by: str) -> list[str]:
    """Return the arguments of the README's command with the example's ID that has ``marked_by`` in it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (line,) = [line for line in text.splitlines() if WORKFLOW_ID in line and marked_by in line]
    words = shlex.split(line)
    return words[words.index("workflows") + 1 :]


def _terminated(wire: Wire) -> Passed:
    """Return the one request that stopped it: a plain call, no batch."""
    (request,) = [passed for passed in wire.passed if METHOD in f"{passed.method} {passed.body!r}"]
    assert request.method == METHOD
    return request


def test_by_webhook(scene: Scene, wire: Wire, settings: Settings) -> None:
    address = scene.sandbox.portal()["webhooks"][0]
    secret = address.rstrip("/").rsplit("/", 1)[-1]
    settings.BITRIX24_WEBHOOK = read_webhook(f"{wire.origin}/rest/1/{secret}/", allow_insecure=True)

    ended = typed(*_one_liner("BITRIX24_WEBHOOK_URL"))

    assert (ended.code, ended.out) == (0, "Job 1: 1 terminated.\n"), ended.said
    request = _terminated(wire)
    assert (request.verb, request.path) == ("POST", f"/rest/1/{secret}/{METHOD}")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept"] == "application/json"
    assert list(request.json.items()) == [("ID", WORKFLOW_ID), ("STATUS", STATUS)]
    record = scene.record(WORKFLOW_ID)
    assert (record["state"], record["title"], record["ended_by"]) == ("ended", STATUS, 1)


def test_by_oauth(scene: Scene, wire: Wire) -> None:
    Portal.objects.update(client_endpoint=f"{wire.origin}/rest/", domain="portal.example")

    ended = typed(*_one_liner("--portal"))

    assert (ended.code, ended.out) == (0, "Job 1: 1 terminated.\n"), ended.said
    request = _terminated(wire)
    assert (request.verb, request.path) == ("POST", f"/rest/{METHOD}")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept"] == "application/json"
    assert [*request.json] == ["ID", "STATUS", "auth"]
    assert (request.json["ID"], request.json["STATUS"]) == (WORKFLOW_ID, STATUS)
    assert request.json["auth"] in scene.sandbox.control("GET", "/tokens")["access"]
    assert scene.record(WORKFLOW_ID)["title"] == STATUS
