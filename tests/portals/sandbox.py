"""The portal in a box as a process, seen through its control address; and a trap that must stay empty."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from deploy.stack import INHERITED, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

START_WITHIN_SECONDS = 30.0
# Nobody listens there: the form of an event is built, and posting it fails at once.
NOWHERE = "http://127.0.0.1:9/"


class Sandbox:
    """One running sandbox; ``number`` is always that of a portal, from 1."""

    def __init__(self, addresses: dict[str, Any]) -> None:
        self.authorization: str = addresses["authorization"]
        self.portals: list[str] = addresses["portals"]
        self._control: str = addresses["control"]
        self._http = requests.Session()

    def control(self, verb: str, path: str, /, **body: Any) -> Any:
        """Ask the control address; raises for an answer that is no success."""
        answer = self._http.request(verb, f"{self._control}{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def reset(self) -> None:
        """Make a fresh world, with all portals as they were at the start."""
        self.control("POST", "/reset")

    def member_id(self, number: int = 1) -> str:
        return str(self.portal(number)["member_id"])

    def portal(self, number: int = 1) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", f"/portals/{number}")
        return found

    def application(self, number: int = 1) -> dict[str, Any]:
        found: dict[str, Any] = self.portal(number)["applications"][0]
        return found

    def settings(self, number: int = 1, **changes: Any) -> None:
        self.control("PATCH", f"/portals/{number}/settings", **changes)

    def launch(self, number: int = 1, *, user_id: int = 1, **wishes: Any) -> tuple[str, dict[str, str]]:
        """Return path with query, and fields, of the form that the portal's frame would post."""
        form = self.control("POST", f"/portals/{number}/launch", user_id=user_id, **wishes)
        address = urlsplit(form["url"])
        return f"{address.path}?{address.query}", form["fields"]

    def event(self, name: str, number: int = 1, **wishes: Any) -> dict[str, str]:
        """Return the form of an event as the portal would post it now."""
        told = self.control("POST", f"/portals/{number}/events", event=name, url=NOWHERE, **wishes)
        fields: dict[str, str] = told[0]["fields"]
        return fields

    def asked(self, server: str = "") -> list[dict[str, Any]]:
        """Return the requests since ``forget``, of ``portal`` or ``authorization`` only if named."""
        latest = self.control("GET", "/requests?limit=5000")["latest"]
        return [one for one in latest if server in {"", one["server"]}]

    def forget(self) -> None:
        self.control("DELETE", "/requests")

    def fault(self, **wanted: Any) -> None:
        self.control("POST", "/faults", **wanted)


@contextmanager
def running_sandbox(*arguments: str) -> Iterator[Sandbox]:
    """Start a sandbox on free ports and end it with the block."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "bxapp.sandbox", "--portal-port", "0", "--authorization-port", "0"),
            *("--client-id", os.environ["BITRIX24_CLIENT_ID"]),
            *("--client-secret", os.environ["BITRIX24_CLIENT_SECRET"]),
            *("--app-url", os.environ["APP_BASE_URL"]),
            *arguments,
        ],
        cwd=ROOT,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], START_WITHIN_SECONDS)[0], "The sandbox is silent."
        yield Sandbox(json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)


class Trap:
    """A listening address that no authorization server ever confirmed: nobody may come."""

    def __init__(self, listener: socket.socket) -> None:
        self.port: int = listener.getsockname()[1]
        self.visits = 0
        self._listener = listener
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _watch(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()


@contextmanager
def listening_trap() -> Iterator[Trap]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Trap(listener)
        listener.shutdown(socket.SHUT_RDWR)
