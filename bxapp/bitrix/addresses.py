"""Which addresses may be called: https, and hosts of the public internet, unless the operator allows more.

An authorization server names a portal's address, and an on-premise portal's owner chooses what it is: it
must not lead into the network that this application runs in. The check here looks the name up once; the
connection itself is checked again when it stands (``bxapp.bitrix.transport``), so a name that changes its
address in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urljoin, urlsplit

from bxapp.bitrix.errors import EndpointRefused
from bxapp.bitrix.launch import MalformedForm

_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?)+", re.IGNORECASE)
_REST = "/rest/"


def is_public(address: str) -> bool:
    """Say whether an IP address belongs to the public internet (IPv4 inside IPv6 is looked at too)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def checked_endpoint(endpoint: str, *, allow_insecure: bool) -> str:
    """Return a confirmed ``client_endpoint`` in its plain form (``https://host[:port]/rest/``).

    Raises EndpointRefused for what is no http(s) URL of a REST endpoint, for plain http, and for hosts
    that are unknown or not public; ``allow_insecure`` lets plain http and private hosts pass.
    """
    try:
        parts = urlsplit(endpoint.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise EndpointRefused("", "the portal's address is malformed") from None
    if not endpoint.strip().isprintable() or parts.scheme not in {"http", "https"} or parts.query:
        raise EndpointRefused("", "the portal's address is malformed")
    if not host or parts.username is not None:
        raise EndpointRefused("", "the portal's address is malformed")
    if not (_HOST.fullmatch(host) or _is_ipv6(host)):
        raise EndpointRefused("", "the portal's host name is malformed")
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    if not allow_insecure:
        if parts.scheme != "https":
            raise EndpointRefused("", "the portal is not on https")
        _require_public(host, port or 443)
    netloc = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{netloc}{f':{port}' if port else ''}{path}"


def moved_endpoint(endpoint: str, method: str, location: str) -> str:
    """Return the endpoint that a redirect of ``endpoint + method`` points to; empty when it is no URL.

    The result is a hint: it is called only after an authorization server confirmed it.
    """
    try:
        parts = urlsplit(urljoin(endpoint + method, location))
        parts.port  # noqa: B018  (reading it is what checks the number)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        return ""
    path = parts.path[: parts.path.rfind(_REST) + len(_REST)] if _REST in parts.path else _REST
    return f"{parts.scheme}://{parts.netloc}{path}"


def portal_address(typed: str, *, allow_insecure: bool) -> str:
    """Return scheme, host and port of a portal that a person typed; for the browser, never called from here.

    Plain http is kept, and taken for loopback hosts, only with ``allow_insecure``. Raises MalformedForm.
    """
    text = typed.strip()
    if "://" not in text:
        text = f"//{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise MalformedForm("portal") from None
    if parts.scheme not in {"", "http", "https"} or parts.username is not None or not _HOST.fullmatch(host):
        raise MalformedForm("portal")
    loopback = host == "localhost" or host.startswith("127.")
    plain = allow_insecure and (parts.scheme == "http" or (parts.scheme == "" and loopback))
    return f"{'http' if plain else 'https'}://{host}{f':{port}' if port else ''}"


def _is_ipv6(host: str) -> bool:
    # Older Pythons let anything stand between the brackets of an address.
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _require_public(host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise EndpointRefused("", "the portal's host name is unknown") from None
    if not all(is_public(str(address[4][0])) for address in found):
        raise EndpointRefused("", "the portal's host is not on the public internet")
