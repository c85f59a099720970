"""Reading the environment: every variable is checked once, at start, and a bad one stops the process.

Nothing but ``bxapp.settings`` reads the environment, and it does so through this module.
"""

from __future__ import annotations

import warnings
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from bxapp.bitrix.webhooks import MalformedWebhook, Webhook, read_webhook

_env = environ.Env()


class ConfigurationError(SystemExit):
    """Raised for a missing or malformed variable; its text is all that the operator sees."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"Configuration: {variable} {problem}")


def required(variable: str, meaning: str) -> str:
    """Return the text of a variable that has no default; ``meaning`` completes "It is …"."""
    value: str = _env.str(variable, default="").strip()
    if not value:
        raise ConfigurationError(variable, f"is missing. It is {meaning}.")
    return value


def text(variable: str, default: str) -> str:
    """Return the text of an optional variable, stripped of surrounding blanks."""
    value: str = _env.str(variable, default=default).strip()
    return value


def flag(variable: str, *, default: bool) -> bool:
    """Return a switch written as 1/0, true/false, yes/no or on/off."""
    value = _env.str(variable, default="").strip().lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return default if not value else value in {"1", "true", "yes", "on"}
    raise ConfigurationError(variable, f"must be 1 or 0, not {value!r}.")


def names(variable: str, default: list[str]) -> list[str]:
    """Return a comma-separated list without empty elements."""
    return [name.strip() for name in _env.str(variable, default=",".join(default)).split(",") if name.strip()]


def seconds(variable: str, count: int) -> list[float]:
    """Return ``count`` comma-separated durations in seconds, or none at all."""
    words = names(variable, [])
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if words and (len(values) != count or not all(0 < value < 1e6 for value in values)):
        raise ConfigurationError(variable, f"must be {count} numbers of seconds, separated by commas.")
    return values


def count(variable: str, default: int) -> int:
    """Return a number of things, at least one."""
    value = text(variable, str(default))
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 10_000):
        raise ConfigurationError(variable, f"must be a whole number of at least 1, not {value!r}.")
    return int(value)


def base_url(variable: str, value: str) -> str:
    """Return ``value`` as scheme and host without a trailing slash; it must be a bare http(s) URL."""
    parts = urlsplit(value)
    try:
        parts.port  # noqa: B018  (reading it is what checks the number)
    except ValueError:
        raise ConfigurationError(variable, f"has a malformed port: {value!r}.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(variable, f"must be a URL such as https://apps.example.org, not {value!r}.")
    if parts.path not in {"", "/"}:
        raise ConfigurationError(variable, f"must not have a path, but has {parts.path!r}.")
    return f"{parts.scheme}://{parts.netloc}"


def redis_url(variable: str, default: str) -> str:
    """Return a Redis URL (redis://, rediss:// or unix://)."""
    value = text(variable, default)
    if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ConfigurationError(variable, "must be a URL such as redis://127.0.0.1:6379/0.")
    return value


def database(variable: str, default: str) -> dict[str, Any]:
    """Return Django's settings of the database named by a URL: SQLite file or PostgreSQL."""
    try:
        # What it warns of is refused below.
        with warnings.catch_warnings(action="ignore"):
            parsed: dict[str, Any] = _env.db_url(variable, default=default)
    except (ImproperlyConfigured, ValueError) as error:
        raise ConfigurationError(variable, "must be a URL such as postgres://user@host/name.") from error
    if parsed.get("ENGINE") not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise ConfigurationError(variable, "must name PostgreSQL (postgres://…) or SQLite (sqlite:///…).")
    return parsed


def fernet_keys(variable: str) -> list[str]:
    """Return the keys that encrypt tokens at rest; the first one encrypts, all decrypt."""
    required(variable, "a comma-separated list of Fernet keys; the first encrypts stored tokens")
    keys = names(variable, [])
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ConfigurationError(
                variable, f"holds no Fernet key at position {position} (32 bytes, URL-safe base64)."
            ) from None
    return keys


def webhook(variable: str, *, allow_insecure: bool) -> Webhook | None:
    """Return the incoming webhook that the variable names, None if none; its value is never shown."""
    value = text(variable, "")
    if not value:
        return None
    try:
        return read_webhook(value, allow_insecure=allow_insecure)
    except MalformedWebhook as problem:
        raise ConfigurationError(variable, f"{problem}.") from None


def choice(variable: str, default: str, allowed: set[str]) -> str:
    """Return one of a fixed set of upper-case words."""
    value = text(variable, default).upper()
    if value not in allowed:
        raise ConfigurationError(variable, f"must be one of {', '.join(sorted(allowed))}, not {value!r}.")
    return value
