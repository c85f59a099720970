"""The address of an incoming webhook: a portal, one of its users, and a secret, all in one URL.

``https://<portal>/rest/<user id>/<secret>/`` (documentation "Incoming and outgoing webhooks"). Who knows it
may do what that user may do, so the whole is a secret: nothing here ever tells it but ``endpoint``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PATH = re.compile(
    r"(?P<rest>(?:/[A-Za-z0-9._~-]+)*/rest/)(?P<user>[1-9][0-9]{0,17})/(?P<secret>[0-9A-Za-z]{8,128})/?"
)


class MalformedWebhook(ValueError):  # noqa: N818  (a finding about the address, named as such)
    """The text is no webhook's address; the message says why, and never what it is."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """``rest_endpoint`` is the portal's plain REST address, ``https://<portal>/rest/``, and no secret."""

    rest_endpoint: str
    user_id: int
    secret: str = field(repr=False)

    @property
    def endpoint(self) -> str:
        """The address that methods are called at: a secret."""
        return f"{self.rest_endpoint}{self.user_id}/{self.secret}/"

    @property
    def domain(self) -> str:
        """Host and port of the portal."""
        return urlsplit(self.rest_endpoint).netloc

    @property
    def portal_id(self) -> str:
        """A name for the portal, in place of the ``member_id`` that no webhook tells: made of its address.

        No real ``member_id`` has a colon, so the two are never taken for each other.
        """
        return f"webhook:{hashlib.sha256(self.rest_endpoint.encode()).hexdigest()[:40]}"


def read_webhook(url: str, *, allow_insecure: bool) -> Webhook:
    """Return the webhook of an address as Bitrix24 shows it; raises MalformedWebhook.

    ``allow_insecure``: plain http is let pass. A private address always is: the operator has named it.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise MalformedWebhook("is no URL") from None
    if parts.scheme == "http" and not allow_insecure:
        raise MalformedWebhook("must begin with https")
    found = _PATH.fullmatch(parts.path)
    plain = parts.username is None and not parts.query and not parts.fragment
    if parts.scheme not in {"http", "https"} or not host or not found or not plain:
        raise MalformedWebhook("must look like https://portal.example/rest/1/secret/")
    netloc = f"[{host}]" if ":" in host else host
    default = 443 if parts.scheme == "https" else 80
    netloc += f":{port}" if port and port != default else ""
    return Webhook(f"{parts.scheme}://{netloc}{found['rest']}", int(found["user"]), found["secret"])
