"""The product's WSGI application; each answer tells in ``Server-Timing`` how long its making took.

The web process of the bench serves this instead of ``bxapp.wsgi``. The time begins when the server hands the
request over, and ends when the whole answer is made, compressed too.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bxapp.wsgi import application as product

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the product does, with one header more."""
    begun = time.perf_counter()

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        took = (time.perf_counter() - begun) * 1000
        return start_response(status, [*headers, ("Server-Timing", f"app;dur={took:.3f}")], *error)

    return product(environ, start)
