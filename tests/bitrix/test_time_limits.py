"""How long a request may last: connecting, silence, and the whole of it."""

from __future__ import annotations

import socket
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from bxapp.bitrix import transport
from bxapp.bitrix.errors import Unheard, Unreachable
from tests.bitrix.peer import Told, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from bxapp.bitrix.answers import Reply
    from tests.bitrix.peer import Peer


def send(http: requests.Session, url: str, **limits: Any) -> Reply:
    return transport.send(http, url, b"{}", "application/json", **limits)[0]


@pytest.fixture
def is_over() -> Iterator[Event]:
    """Set when the test ends: silence that ends by itself might be over before a busy machine looks."""
    event = Event()
    yield event
    event.set()


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each host name takes 3 s to be resolved."""
    resolve = socket.getaddrinfo

    def slowly(*args: Any, **kwargs: Any) -> Any:
        time.sleep(3.0)
        return resolve(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)


def test_silence_ends_at_the_read_limit(
    http: requests.Session, peer: Peer, monkeypatch: pytest.MonkeyPatch, is_over: Event
) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)

    def silent(_: object) -> Told:
        is_over.wait(60)
        return says({"result": True})

    peer.answer = silent
    began = time.monotonic()
    with pytest.raises(Unheard, match="time limit"):
        send(http, peer.endpoint)
    assert time.monotonic() - began < 15


def test_silence_in_the_middle_of_a_body_ends_at_the_read_limit(
    http: requests.Session, monkeypatch: pytest.MonkeyPatch, is_over: Event
) -> None:
    """A limit of silence that is shorter than what is left of the whole time stays as short."""
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 40.0)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
                is_over.wait(60)

        thread = Thread(target=serve)
        thread.start()
        began = time.monotonic()
        with pytest.raises(Unheard, match="time limit"):
            send(http, f"http://127.0.0.1:{server.getsockname()[1]}/rest/", read_seconds=0.4)
        assert time.monotonic() - began < 15
        is_over.set()
        thread.join()


def test_a_dripping_body_ends_at_the_total_limit(
    http: requests.Session, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.5)
    peer.tells(Told(200, b"x" * 200, byte_pause_seconds=0.2))
    began = time.monotonic()

    with pytest.raises(Unheard):
        send(http, peer.endpoint)

    assert time.monotonic() - began < 15


def test_dripping_headers_end_at_the_total_limit(
    http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                try:
                    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 20:
                        connection.sendall(bytes([byte]))
                        time.sleep(0.2)
                except OSError:
                    return

        thread = Thread(target=serve)
        thread.start()
        began = time.monotonic()
        with pytest.raises(Unheard):
            send(http, f"http://127.0.0.1:{server.getsockname()[1]}/rest/")
        assert time.monotonic() - began < 15
        thread.join()


@pytest.mark.usefixtures("slow_names")
def test_the_total_limit_counts_from_before_the_connection(
    http: requests.Session, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 3.5)
    peer.tells(Told(200, b"x" * 200, byte_pause_seconds=0.2))
    began = time.monotonic()

    with pytest.raises(Unheard, match="time limit"):
        send(http, peer.endpoint)

    assert time.monotonic() - began < 6.0


def test_a_kept_connection_has_the_whole_time_for_each_request(
    http: requests.Session, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each takes 3.5 s, with two more where the machine stands still; both together take seven.
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 6.0)
    peer.tells(Told(200, b"x" * 10, byte_pause_seconds=0.35))

    for _ in range(2):
        assert send(http, peer.endpoint).body == b"x" * 10


@pytest.mark.usefixtures("slow_names")
def test_what_took_too_long_to_connect_is_not_sent(
    http: requests.Session, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECTED_SECONDS", 0.3)
    peer.tells(says({"result": True}))

    with pytest.raises(Unreachable, match="time limit"):
        send(http, peer.endpoint)

    assert peer.heard == []
