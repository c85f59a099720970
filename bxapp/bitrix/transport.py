"""One HTTP request, once: limits of time and size, no redirects, no repeats, no private addresses.

Whether a failure came before or after the request left decides what may be done next:

- before (no connection came about): ``Unreachable``, nothing was executed;
- after, whatever it was (cut, late, too large, unreadable): ``Unheard``, the work may be done. Also a kept
  connection that the server closes just as the request is written looks like this.
"""

from __future__ import annotations

import io
import ssl
import time
from email.utils import parsedate_to_datetime
from functools import partial
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util.retry import Retry

from bxapp.bitrix.addresses import is_public
from bxapp.bitrix.answers import Reply
from bxapp.bitrix.errors import Unheard, Unreachable

if TYPE_CHECKING:
    import socket

    from urllib3.response import BaseHTTPResponse

# For one address, and for one step of TLS. A name may have several addresses, so together it may take longer;
# what has not been connected after CONNECTED_SECONDS is not sent any more.
CONNECT_SECONDS = 5.0
CONNECTED_SECONDS = 10.0
# A request may run for 60 s in the cloud; the answer has to come back too.
READ_SECONDS = 65.0
# No request is at work for longer, neither here, from before the connection to the last byte of the answer,
# nor in the portal: it leaves within CONNECTED_SECONDS, and the portal gives it 60.
TOTAL_SECONDS = 75.0
LARGEST_ANSWER_BYTES = 32 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_POOL_CONNECTIONS = 64
_WRONG_CERTIFICATE = "the certificate is not valid for this host"


class OversizedAnswerError(Exception):
    """The answer has more bytes than anything that a portal has a reason to send."""


def session(
    user_agent: str = "Flowstop", *, allow_insecure: bool = False, pool_size: int = _POOL_CONNECTIONS
) -> requests.Session:
    """Return a pooled session for ``send``; one for a whole process is meant.

    Unless ``allow_insecure``, a connection whose other end is not a public address is closed before
    anything is sent. This looks at the connected address itself, so a name that resolves differently
    from one moment to the next (DNS rebinding) gains nothing. Proxies, netrc and cookies are not used.
    """
    http = requests.Session()
    http.trust_env = False
    refuse_cookies(http)
    http.headers.clear()
    http.headers.update({"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"})
    adapter = _Adapter(allow_insecure=allow_insecure, pool_size=pool_size)
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    return http


def refuse_cookies(http: requests.Session) -> None:
    """Let a session take no cookie and send none.

    One jar serves all portals, and a cookie is sent to every host of its domain (``.bitrix24.com``), whatever
    the port: a portal's session would reach others, and calls in the name of one user carry another's.
    """
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))


def send(
    http: requests.Session,
    url: str,
    body: bytes,
    content_type: str,
    *,
    largest_bytes: int = LARGEST_ANSWER_BYTES,
    read_seconds: float | None = None,
) -> tuple[Reply, str]:
    """POST ``body`` once; return the reply and the ``Location`` it named (empty if none).

    ``read_seconds`` is how long the other side may stay silent, READ_SECONDS unless told.

    Raises Unreachable or Unheard, see above.
    """
    try:
        with http.post(
            url,
            data=body,
            headers={"Content-Type": content_type},
            timeout=(CONNECT_SECONDS, read_seconds or READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            reply = Reply(response.status_code, read_body(response, largest_bytes), pause(response))
            return reply, response.headers.get("Location", "")
    except OversizedAnswerError:
        raise Unheard("", f"the answer is larger than {largest_bytes} bytes") from None
    except (requests.RequestException, HTTPError, OSError) as failure:
        raise failure_of(failure) from None


def read_body(response: requests.Response, largest_bytes: int) -> bytes:
    """Return the body of a streamed response of a ``session``; raises OversizedAnswerError."""
    parts = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        parts += chunk
        if len(parts) > largest_bytes:
            raise OversizedAnswerError
    return bytes(parts)


def pause(response: requests.Response) -> float | None:
    """Return the seconds of a ``Retry-After`` header, None when there is none or it is unreadable."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 7 else None
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def failure_of(failure: Exception) -> Unreachable | Unheard:
    """Return what a failure of the HTTP library means; its own text may hold URLs and is left out."""
    if isinstance(failure, requests.ConnectTimeout):
        return Unreachable("", "no connection within the time limit")
    if isinstance(failure, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return Unreachable("", "the address is malformed")
    reason: object = failure.args[0] if failure.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(reason, NameResolutionError):
        return Unreachable("", "the host name is unknown")
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        wrong_certificate = _WRONG_CERTIFICATE in str(reason)
        return Unreachable("", _WRONG_CERTIFICATE if wrong_certificate else "no connection")
    # While the body is read, requests calls it a failed connection.
    if isinstance(failure, requests.Timeout | TimeoutError) or isinstance(reason, ReadTimeoutError):
        return Unheard("", "no answer within the time limit")
    return Unheard("", "the connection ended before the answer was complete")


class _Adapter(HTTPAdapter):
    """A connection pool whose connections keep this module's rules."""

    def __init__(self, *, allow_insecure: bool, pool_size: int) -> None:
        self._allow_insecure = allow_insecure
        super().__init__(
            pool_connections=_POOL_CONNECTIONS, pool_maxsize=pool_size, max_retries=Retry(0, read=False)
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = (
            {"http": _OpenPool, "https": _OpenTlsPool}
            if self._allow_insecure
            else {"http": _GuardedPool, "https": _GuardedTlsPool}
        )


class _Deadline(io.RawIOBase):
    """A socket's stream that ends at a moment, however slowly the other side lets bytes drip."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket, ends_at: float) -> None:
        self._stream = stream
        self._sock = sock
        self._ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_seconds = self._ends_at - time.monotonic()
        if left_seconds <= 0:
            raise TimeoutError
        # Silence may have a shorter limit, which is never made longer.
        silent_seconds = self._sock.gettimeout()
        if silent_seconds is None or left_seconds < silent_seconds:
            self._sock.settimeout(left_seconds)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, ends_at: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Deadline(self.fp.detach(), sock, ends_at))


def _refuse_private(connection: HTTPConnection, sock: socket.socket) -> socket.socket:
    """Close a fresh connection to anything but a public address; TLS has not begun, nothing was sent."""
    if is_public(sock.getpeername()[0]):
        return sock
    sock.close()
    raise NewConnectionError(connection, "not a public address")


class _OpenConnection(HTTPConnection):
    def connect(self) -> None:
        """Connect; after more than CONNECTED_SECONDS in vain: what left so late could be at work too long."""
        begun_at = time.monotonic()
        super().connect()
        if time.monotonic() - begun_at > CONNECTED_SECONDS:
            self.close()
            raise ConnectTimeoutError("connecting took too long")


class _OpenTlsConnection(_OpenConnection, HTTPSConnection):
    def connect(self) -> None:
        """Connect and shake hands; whatever fails here failed before the request left."""
        try:
            super().connect()
        except ssl.SSLCertVerificationError as failure:
            raise NewConnectionError(self, _WRONG_CERTIFICATE) from failure
        except OSError as failure:
            raise NewConnectionError(self, "no TLS connection") from failure


class _GuardedConnection(_OpenConnection):
    def _new_conn(self) -> socket.socket:
        return _refuse_private(self, super()._new_conn())


class _GuardedTlsConnection(_OpenTlsConnection):
    def _new_conn(self) -> socket.socket:
        return _refuse_private(self, super()._new_conn())


class _OpenPool(HTTPConnectionPool):
    ConnectionCls = _OpenConnection

    def _make_request(self, conn: Any, *args: Any, **kwargs: Any) -> BaseHTTPResponse:
        """Send one request, on a new connection or a kept one: the whole of it has TOTAL_SECONDS."""
        conn.response_class = partial(_TimedResponse, ends_at=time.monotonic() + TOTAL_SECONDS)
        return super()._make_request(conn, *args, **kwargs)


class _OpenTlsPool(_OpenPool, HTTPSConnectionPool):
    ConnectionCls = _OpenTlsConnection


class _GuardedPool(_OpenPool):
    ConnectionCls = _GuardedConnection


class _GuardedTlsPool(_OpenTlsPool):
    ConnectionCls = _GuardedTlsConnection
