"""A small real HTTP server that answers as it is told: for answers that a portal gives on bad days only."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Told:
    """What to answer. ``cut``: close without a word; ``stop_after_bytes``: announce all, send less."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    stop_after_bytes: int | None = None
    byte_pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as it came in."""

    verb: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


def says(content: object, status: int = 200, **headers: str) -> Told:
    """A JSON answer."""
    return Told(status, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


def page(status: int, text: str = "<html><body>Server error</body></html>") -> Told:
    """An HTML answer."""
    return Told(status, text.encode(), {"Content-Type": "text/html"})


class Peer:
    """Answers the told things in turn, the last one for ever; or whatever ``answer`` returns."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.heard: list[Heard] = []
        self.told: list[Told] = []
        self.answer: Callable[[Heard], Told] | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def endpoint(self) -> str:
        return f"{self.origin}/rest/"

    @property
    def paths(self) -> list[str]:
        return [urlsplit(heard.path).path for heard in self.heard]

    def tells(self, *told: Told) -> None:
        self.told = list(told)

    def take(self, heard: Heard) -> Told:
        self.heard.append(heard)
        if self.answer is not None:
            return self.answer(heard)
        return self.told.pop(0) if len(self.told) > 1 else self.told[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # As many as connect at the same moment in any test.
    request_queue_size = 64
    peer: Peer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        told = self.server.peer.take(
            Heard(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
        )
        if told.cut:
            self.close_connection = True
            return
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        if told.byte_pause_seconds:
            for byte in told.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(told.byte_pause_seconds)
        elif told.stop_after_bytes is not None:
            self.wfile.write(told.body[: told.stop_after_bytes])
            self.close_connection = True
        else:
            self.wfile.write(told.body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Keep silent."""


@contextmanager
def listening() -> Iterator[Peer]:
    """Give a peer that listens on a free port of this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.peer = Peer(server)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
