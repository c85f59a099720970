"""A tiny application of the tests' own: a real HTTP server whose page is opened in the portal's frame.

It serves the vendored client under a strict content security policy, remembers what was sent to it, and sets
cookies with every page, of which none may come back from inside the frame.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

HERE = Path(__file__).parent
VENDOR = HERE.parents[2] / "static" / "vendor"
FILES = {
    "/b24jssdk.js": VENDOR / "b24jssdk-2.2.0" / "b24jssdk.umd.min.js",
    "/htmx.js": VENDOR / "htmx-2.0.11" / "htmx.min.js",
    "/page.js": HERE / "page" / "page.js",
}
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
COOKIES = (
    "lax=1; Path=/; SameSite=Lax",
    "crossing=1; Path=/; SameSite=None; Secure",
)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came: fields of query and of the form, and the Cookie header."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    cookie: str


@dataclass(slots=True)
class Application:
    """A running application page. ``origin`` is its address; ``received`` grows with each request."""

    server: ThreadingHTTPServer
    received: list[Received] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def launches(self) -> list[Received]:
        """The forms that were posted into the frame."""
        return [one for one in self.received if one.method == "POST"]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def start_application() -> Application:
    """Listen on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    application = Application(server)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            text = self.rfile.read(length).decode()
            self._answer(dict(parse_qsl(text, keep_blank_values=True)))

        def _answer(self, form: dict[str, str]) -> None:
            address = urlsplit(self.path)
            query = dict(parse_qsl(address.query, keep_blank_values=True))
            cookie = self.headers.get("Cookie", "")
            application.received.append(Received(self.command, address.path, query, form, cookie))
            file = FILES.get(address.path)
            if file:
                self._send(file.read_bytes(), "text/javascript")
            elif address.path == "/piece":
                self._send(b"<p>A piece by htmx</p>", "text/html")
            else:
                self._send((HERE / "page" / "page.html").read_bytes(), "text/html")

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            for cookie in COOKIES:
                self.send_header("Set-Cookie", cookie)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- named so by the base class
            """Nothing on the terminal of the tests."""

    server.RequestHandlerClass = Handler
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return application
