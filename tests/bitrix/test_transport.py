"""Whether a request left decides what may be done next."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bxapp.bitrix import transport
from bxapp.bitrix.errors import Unheard, Unreachable
from tests.bitrix.peer import Told, page, says

if TYPE_CHECKING:
    from pathlib import Path

    import requests

    from bxapp.bitrix.answers import Reply
    from tests.bitrix.peer import Peer


def send(http: requests.Session, url: str, *, largest_bytes: int = 1_000_000) -> Reply:
    return transport.send(http, url, b"{}", "application/json", largest_bytes=largest_bytes)[0]


def test_a_reply_is_read_whatever_its_status(http: requests.Session, peer: Peer) -> None:
    peer.tells(page(502, "<html>"))

    reply = send(http, peer.endpoint)

    assert (reply.status, reply.body) == (502, b"<html>")
    assert [heard.verb for heard in peer.heard] == ["POST"]


def test_connections_are_kept(http: requests.Session, peer: Peer) -> None:
    peer.tells(says({"result": True}))

    for _ in range(3):
        assert send(http, peer.endpoint).status == 200


def test_cookies_are_neither_kept_nor_sent(http: requests.Session, peer: Peer, other_peer: Peer) -> None:
    """Cookies know no ports: to a jar the two peers are one host, as two portals of a domain are alike."""
    cookie = {"Set-Cookie": "PHPSESSID=abc; Path=/"}
    peer.tells(says({"result": True}, 200, **cookie))
    other_peer.tells(says({"result": True}, 200, **cookie))

    for one in (peer, peer, other_peer):
        send(http, one.endpoint)

    assert [heard.headers.get("Cookie") for heard in (*peer.heard, *other_peer.heard)] == [None] * 3
    assert list(http.cookies) == []


def test_a_compressed_answer_is_read(http: requests.Session, peer: Peer) -> None:
    peer.tells(Told(200, gzip.compress(b"x" * 1000), {"Content-Encoding": "gzip"}))
    assert send(http, peer.endpoint).body == b"x" * 1000


def test_nobody_listening_is_unreachable(http: requests.Session) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        send(http, f"http://127.0.0.1:{port}/rest/")


def test_an_unknown_host_is_unreachable(http: requests.Session) -> None:
    with pytest.raises(Unreachable):
        send(http, "https://no-such-host.invalid/rest/")


@pytest.mark.parametrize("url", ["https://[bad/", "no-scheme/rest/", "http://ho st/"])
def test_a_malformed_address_is_unreachable(http: requests.Session, url: str) -> None:
    with pytest.raises(Unreachable):
        send(http, url)


def test_a_server_that_speaks_no_tls_is_unreachable(http: requests.Session, peer: Peer) -> None:
    with pytest.raises(Unreachable):
        send(http, peer.endpoint.replace("http://", "https://"))
    assert peer.heard == []


def test_a_server_with_another_hosts_certificate_is_unreachable(
    http: requests.Session, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                context.wrap_socket(connection, server_side=True)

        thread = Thread(target=serve)
        thread.start()
        with pytest.raises(Unreachable, match="certificate"):
            send(http, f"https://127.0.0.1:{server.getsockname()[1]}/rest/")
        thread.join()


def self_signed(folder: Path) -> Path:
    """Write a certificate that nobody vouches for, with its key, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "elsewhere.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return file


def test_a_cut_connection_is_unheard(http: requests.Session, peer: Peer) -> None:
    peer.tells(Told(cut=True))

    with pytest.raises(Unheard) as caught:
        send(http, peer.endpoint)

    assert not caught.value.server_failed
    assert len(peer.heard) == 1, "a request that may have been executed is never repeated"


def test_a_kept_connection_that_the_server_cuts_is_unheard(http: requests.Session, peer: Peer) -> None:
    peer.tells(says({"result": True}), Told(cut=True))
    send(http, peer.endpoint)

    with pytest.raises(Unheard):
        send(http, peer.endpoint)

    assert len(peer.heard) == 2


def test_a_truncated_answer_is_unheard(http: requests.Session, peer: Peer) -> None:
    peer.tells(Told(200, b'{"result": true}', stop_after_bytes=5))
    with pytest.raises(Unheard):
        send(http, peer.endpoint)


def test_a_broken_compression_is_unheard(http: requests.Session, peer: Peer) -> None:
    peer.tells(Told(200, b"not gzip at all", {"Content-Encoding": "gzip"}))
    with pytest.raises(Unheard):
        send(http, peer.endpoint)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 999999\r\n\r\n"])
def test_an_answer_that_is_no_http_is_unheard(http: requests.Session, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        with pytest.raises(Unheard):
            send(http, f"http://127.0.0.1:{server.getsockname()[1]}/rest/")
        thread.join()


def test_an_oversized_answer_is_unheard(http: requests.Session, peer: Peer) -> None:
    peer.tells(Told(200, b"x" * 5000))
    with pytest.raises(Unheard, match="larger"):
        send(http, peer.endpoint, largest_bytes=4999)


def test_a_redirect_is_told_and_not_followed(http: requests.Session, peer: Peer, other_peer: Peer) -> None:
    peer.tells(Told(302, b"", {"Location": other_peer.endpoint}))

    reply, location = transport.send(http, peer.endpoint, b"secret", "application/json")

    assert (reply.status, location) == (302, other_peer.endpoint)
    assert other_peer.heard == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_hung_up_on_before_anything_is_sent(peer: Peer, host: str) -> None:
    with transport.session() as guarded, pytest.raises(Unreachable):
        send(guarded, peer.endpoint.replace("127.0.0.1", host))
    assert peer.heard == []


def test_the_environment_adds_nothing(
    http: requests.Session,
    peer: Peer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    peer.tells(says({"result": True}))

    send(http, peer.endpoint)

    assert "Authorization" not in peer.heard[0].headers


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("-1", None), ("99999999", None)]
)
def test_the_asked_for_pause_is_read(
    http: requests.Session, peer: Peer, header: str, seconds: float | None
) -> None:
    peer.tells(says({}, 503, **{"Retry-After": header}))
    assert send(http, peer.endpoint).retry_after_seconds == seconds


def test_a_pause_may_be_told_as_a_date(http: requests.Session, peer: Peer) -> None:
    peer.tells(says({}, 503, **{"Retry-After": formatdate(time.time() + 60, usegmt=True)}))

    seconds = send(http, peer.endpoint).retry_after_seconds

    assert seconds is not None
    assert 55 < seconds <= 60
