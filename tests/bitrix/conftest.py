"""A peer that answers as told, and a portal in a box that answers as portals do."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bxapp.bitrix import transport
from bxapp.bitrix.client import Client
from bxapp.bitrix.oauth import AuthorizationServers
from tests.bitrix.peer import Peer, listening
from tests.bitrix.portal import Portal
from tests.portals.sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from tests.portals.sandbox import Sandbox


SECRET = "client-secret-of-this-application"


@dataclass
class Tokens:
    """Tokens that are simply there."""

    current: str = "first-access-token"
    fresh: list[str] = field(default_factory=lambda: ["second-access-token"])
    refused: list[str] = field(default_factory=list)

    def access_token(self) -> str:
        return self.current

    def renewed(self, refused: str) -> str:
        self.refused.append(refused)
        self.current = self.fresh.pop(0)
        return self.current


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening() as peer:
        yield peer


@pytest.fixture
def other_peer() -> Iterator[Peer]:
    with listening() as peer:
        yield peer


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with transport.session(allow_insecure=True) as http:
        yield http


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def client(peer: Peer, http: requests.Session, tokens: Tokens) -> Client:
    return Client(peer.endpoint, tokens, http=http)


@pytest.fixture
def servers(peer: Peer, other_peer: Peer, http: requests.Session) -> AuthorizationServers:
    """Two listed servers; nothing but loopback can be called."""
    return AuthorizationServers(
        [peer.origin, other_peer.origin], "app.1", SECRET, http=http, allow_insecure=True
    )


@pytest.fixture(scope="module")
def sandbox_process() -> Iterator[Sandbox]:
    with running_sandbox("--workflows", "70", "--seed", "11") as sandbox:
        yield sandbox


@pytest.fixture
def portal(sandbox_process: Sandbox, http: requests.Session) -> Portal:
    """A fresh portal with 70 workflows of every kind."""
    sandbox_process.reset()
    servers = AuthorizationServers(
        [sandbox_process.authorization],
        os.environ["BITRIX24_CLIENT_ID"],
        os.environ["BITRIX24_CLIENT_SECRET"],
        http=http,
        allow_insecure=True,
    )
    return Portal(sandbox_process, servers, http)
