"""A place on the wire between the application and the portal, where everything that passes is noted."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Passed:
    """A request as it left the application."""

    verb: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def method(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Wire(ThreadingHTTPServer):
    """Passes requests on to the portal at ``origin``, and its answers back."""

    daemon_threads = True

    def __init__(self, origin: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.portal = urlsplit(origin).netloc
        self.passed: list[Passed] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Wire

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.passed.append(Passed(self.command, self.path, dict(self.headers.items()), body))
        portal = HTTPConnection(self.server.portal, timeout=30)
        headers = {name: text for name, text in self.headers.items() if name.lower() != "host"}
        portal.request(self.command, self.path, body, headers)
        answer = portal.getresponse()
        content = answer.read()
        portal.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Keep silent."""


@contextmanager
def wire_to(origin: str) -> Iterator[Wire]:
    """Give a wire to a portal."""
    wire = Wire(origin)
    thread = Thread(target=wire.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.shutdown()
        wire.server_close()
        thread.join()
