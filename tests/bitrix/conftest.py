"""A peer that answers as told, and clients of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bxapp.bitrix import transport
from bxapp.bitrix.client import Client
from tests.bitrix.peer import Peer, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests


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
