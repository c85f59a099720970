"""What was asked of the sandbox: the latest requests, and how many of each. No tokens, no texts."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Asked:
    """One HTTP request. ``at`` is Unix seconds, ``seconds`` how long the answer took."""

    at: float
    server: str
    portal: int | None
    method: str
    address: str
    host: str
    user: int | None = None
    commands: list[str] = field(default_factory=list)
    status: int = 0
    error: str = ""
    seconds: float = 0.0
    auth_in: str = ""
    """Where the token was: ``bearer``, ``auth``, ``access_token``, ``webhook``, or nothing."""
    token_in_url: bool = False
    cookie_sent: bool = False
    """The client sent the portal's session cookie back: an application has no business with it."""
    fault: str = ""


@dataclass(slots=True)
class RequestRecord:
    """``counts`` counts requests by method, ``commands`` the commands of batches; errors alike.

    ``cookies_sent`` counts requests with a cookie of a portal.
    """

    latest: deque[Asked] = field(default_factory=lambda: deque(maxlen=5000))
    counts: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    command_errors: Counter[str] = field(default_factory=Counter)
    cookies_sent: int = 0

    def add(self, asked: Asked) -> None:
        self.latest.append(asked)
        self.counts[asked.method] += 1
        self.commands.update(asked.commands)
        if asked.error:
            self.errors[asked.error] += 1
        self.cookies_sent += asked.cookie_sent

    def as_dict(self, limit: int) -> dict[str, Any]:
        return {
            "counts": dict(self.counts),
            "commands": dict(self.commands),
            "errors": dict(self.errors),
            "command_errors": dict(self.command_errors),
            "cookies_sent": self.cookies_sent,
            "latest": [asdict(one) for one in list(self.latest)[-limit:]],
        }

    def forget(self) -> None:
        self.latest.clear()
        self.counts.clear()
        self.commands.clear()
        self.errors.clear()
        self.command_errors.clear()
        self.cookies_sent = 0
