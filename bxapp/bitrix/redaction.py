"""Taking secrets out of texts that others will read: exceptions, logs, the record of requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_CHARACTERS = 1000
_HIDDEN = "[hidden]"
_SHORTEST_SECRET = 8
# Parameters whose values are secrets, in a URL, a form or JSON.
_NAMED = re.compile(
    r"(?i)\b(access_token|refresh_token|client_secret|application_token|auth|auth_id|refresh_id)"
    r"([\"']?\s*[=:]\s*[\"']?)([^\s\"'&,;}\]]{8,})"
)
# A webhook's address is its secret: /rest/<user>/<secret>/.
_WEBHOOK = re.compile(r"(/rest/\d+/)([0-9A-Za-z]{8,})")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` on one line without the given secrets and without what looks like one.

    At most 1000 characters are kept: the words of a portal are for people to read.
    """
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, _HIDDEN)
    # The record of requests redacts hundreds of short texts for each page, and few hold any of these.
    if "=" in text or ":" in text:
        text = _NAMED.sub(rf"\1\2{_HIDDEN}", text)
    if "/rest/" in text:
        text = _WEBHOOK.sub(rf"\1{_HIDDEN}", text)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    return text[:LONGEST_CHARACTERS]
