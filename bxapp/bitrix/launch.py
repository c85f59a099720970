"""What a portal posts to this application: the launch form of the frame, and events.

Nothing read here is proof of anything. Who is calling is known only after the authorization server was
asked (``bxapp.bitrix.oauth``); until then these are well-formed claims.

Sources: documentation "Application launch", "Events of the application" (``b24restdocs``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUR_SECONDS = 3600
_LONGEST_FIELD = 2048
_LONGEST_OPTIONS = 16_384
_MEMBER_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

# The portal's own names of languages; what is not listed here means English.
_ISO_LANGUAGES = {
    **{code: code for code in ("en", "ru", "de", "es", "fr", "it", "pl", "tr", "ar", "ja", "th", "id", "ms")},
    **{code: code for code in ("uk", "kk", "vi", "hi", "pt-br")},
    "la": "es",
    "br": "pt-br",
    "ua": "uk",
    "kz": "kk",
    "vn": "vi",
    "sc": "zh-hans",
    "tc": "zh-hant",
    "in": "hi",
}


class MalformedForm(Exception):  # noqa: N818  (it describes the form, not this program)
    """A form lacks ``field``, or holds there what no portal sends."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch form, as claimed: hints may be forged, tokens may be foreign."""

    member_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int
    domain_hint: str
    server_hint: str
    application_token: str = field(repr=False)
    status: str
    language: str
    placement: str
    placement_options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """An event, as claimed. ``clean``: an uninstallation that asks to delete the data too.

    ``ts`` is the moment when the portal says it happened (UTC); events come late and in any order.
    """

    name: str
    member_id: str
    application_token: str = field(repr=False)
    ts: datetime | None
    clean: bool
    version: int | None
    language: str
    status: str
    domain_hint: str
    server_hint: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int


def parse_launch(query: Mapping[str, str], form: Mapping[str, str]) -> Launch:
    """Return the launch that the frame's query string and form claim.

    Required: ``member_id``, ``AUTH_ID``. Everything else may be absent (older portals send less).
    Raises MalformedForm naming the field.
    """
    return Launch(
        member_id=_member_id(form, "member_id"),
        access_token=_required(form, "AUTH_ID"),
        refresh_token=_text(form, "REFRESH_ID"),
        expires_in_seconds=_lifetime_seconds(form.get("AUTH_EXPIRES")),
        domain_hint=_text(query, "DOMAIN") or _text(form, "DOMAIN"),
        server_hint=_text(form, "SERVER_ENDPOINT"),
        application_token=_text(form, "APPLICATION_TOKEN"),
        status=_text(form, "status")[:8],
        language=language_of(_text(query, "LANG") or _text(form, "LANG")),
        placement=_text(form, "PLACEMENT") or "DEFAULT",
        placement_options=_placement_options(form.get("PLACEMENT_OPTIONS") or ""),
    )


def parse_event(form: Mapping[str, str]) -> Event:
    """Return the event that a portal's queue server posted.

    Required: ``event``, ``auth[member_id]``, ``auth[application_token]``. Raises MalformedForm.
    """
    return Event(
        name=_required(form, "event").upper(),
        member_id=_member_id(form, "auth[member_id]"),
        application_token=_required(form, "auth[application_token]"),
        ts=_moment(form.get("ts")),
        clean=_text(form, "data[CLEAN]") == "1",
        version=_number(form.get("data[VERSION]")),
        language=language_of(code) if (code := _text(form, "data[LANGUAGE_ID]")) else "",
        status=_text(form, "auth[status]")[:8],
        domain_hint=_text(form, "auth[domain]"),
        server_hint=_text(form, "auth[server_endpoint]"),
        access_token=_text(form, "auth[access_token]"),
        refresh_token=_text(form, "auth[refresh_token]"),
        expires_in_seconds=_lifetime_seconds(form.get("auth[expires_in]")),
    )


def language_of(portal_language: str) -> str:
    """Return the language tag (``es``, ``pt-br``, ``zh-hans`` …) of a portal's ``LANG``; unknown: ``en``."""
    return _ISO_LANGUAGES.get(portal_language.strip().lower().replace("_", "-"), "en")


def _text(form: Mapping[str, str], name: str) -> str:
    value = (form.get(name) or "").strip()
    if len(value) > _LONGEST_FIELD or not value.isprintable():
        raise MalformedForm(name)
    return value


def _required(form: Mapping[str, str], name: str) -> str:
    value = _text(form, name)
    if not value:
        raise MalformedForm(name)
    return value


def _member_id(form: Mapping[str, str], name: str) -> str:
    value = _required(form, name)
    if not _MEMBER_ID.fullmatch(value):
        raise MalformedForm(name)
    return value


def _number(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if len(text) < 12 and text.isascii() and text.isdigit() else None


def _lifetime_seconds(value: str | None) -> int:
    """Return a token's lifetime, counted from receipt; an hour when the form does not say."""
    number = _number(value)
    return HOUR_SECONDS if number is None else min(number, 24 * HOUR_SECONDS)


def _moment(value: str | None) -> datetime | None:
    number = _number(value)
    return None if number is None else datetime.fromtimestamp(number, UTC)


def _placement_options(text: str) -> dict[str, Any]:
    """Return the options as an object; a list, a broken text or an oversized one counts as none."""
    if len(text) > _LONGEST_OPTIONS:
        return {}
    try:
        options = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return options if isinstance(options, dict) else {}
