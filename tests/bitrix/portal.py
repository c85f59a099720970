"""An administrator's view of a sandbox portal: real tokens, refreshed at the real authorization server."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.client import Client
from bxapp.bitrix.launch import parse_launch

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from bxapp.bitrix.client import Exchange
    from bxapp.bitrix.launch import Launch
    from bxapp.bitrix.oauth import AuthorizationServers
    from tests.portals.sandbox import Sandbox


@dataclass
class Pair:
    """A token source that keeps one pair and renews it."""

    servers: AuthorizationServers
    server: str
    access: str
    refresh: str
    renewals: int = 0

    def access_token(self) -> str:
        return self.access

    def renewed(self, refused: str) -> str:
        fresh = self.servers.refresh(self.server, self.refresh)
        self.access, self.refresh = fresh.access_token, fresh.refresh_token
        self.renewals += 1
        return self.access


@dataclass
class Portal:
    """Portal 1 of the sandbox, as this application meets it."""

    sandbox: Sandbox
    servers: AuthorizationServers
    http: requests.Session
    exchanges: list[Exchange] = field(default_factory=list)

    def launch(self, user_id: int = 1, **wishes: Any) -> Launch:
        _, form = self.sandbox.launch(1, user_id=user_id, **wishes)
        return parse_launch({}, form)

    def pair(self, user_id: int = 1) -> Pair:
        launch = self.launch(user_id)
        owner = self.servers.owner(launch.access_token, hint=launch.server_hint)
        return Pair(self.servers, owner.server, launch.access_token, launch.refresh_token)

    def pair_unchecked(self, user_id: int = 1) -> Pair:
        """A pair whose access token may be over already."""
        launch = self.launch(user_id)
        return Pair(self.servers, self.sandbox.authorization, launch.access_token, launch.refresh_token)

    def client(self, user_id: int = 1, pair: Pair | None = None, **options: Any) -> Client:
        return Client(
            self.sandbox.portal()["client_endpoint"],
            pair or self.pair(user_id),
            http=self.http,
            recorder=self.exchanges.append,
            **options,
        )

    def add(self, count: int = 1, **wanted: Any) -> list[str]:
        ids: list[str] = self.sandbox.control("POST", "/portals/1/workflows", count=count, **wanted)["ids"]
        return ids

    def record(self, *ids: str) -> list[dict[str, Any]]:
        """The portal's own record of workflows, in the order of the IDs; of all that run without any."""
        query = f"ids={','.join(ids)}" if ids else "state=running"
        found: list[dict[str, Any]] = self.sandbox.control("GET", f"/portals/1/workflows?{query}")
        by_id = {one["id"]: one for one in found}
        return [by_id[workflow_id] for workflow_id in ids] if ids else found


def eventually(holds: Callable[[], bool], within_seconds: float = 5.0) -> bool:
    """Say whether something comes true in time; looks again every 50 ms."""
    ends_at = time.monotonic() + within_seconds
    while not holds():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.05)
    return True
