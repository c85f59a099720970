"""One call of one method: who calls, with what, and inside which HTTP request."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bxapp.sandbox.failures import AccessDeniedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bxapp.sandbox.authorization import Grant
    from bxapp.sandbox.php import Value
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Application, Portal, TerminateCall, User

# What a late command may take off the next ones: more is a machine that is too slow, or a fault's own time.
_LATEST = 0.05
PAGE = 50
"""Rows on a page, everywhere (``IRestService::LIST_LIMIT``)."""


@dataclass(slots=True)
class Caller:
    """Who was recognised. Without ``application`` it is an incoming webhook."""

    user: User
    application: Application | None
    grant: Grant | None
    scope: tuple[str, ...]
    webhook: str = ""

    @property
    def entity(self) -> str:
        """Under this name the limiter of execution time counts."""
        return self.application.client_id if self.application else self.webhook


@dataclass(slots=True)
class RequestScope:
    """What one HTTP request (with all commands of a batch) shares."""

    arrived: float = field(default_factory=time.time)
    started: float = field(default_factory=time.time)
    loaded: set[str] = field(default_factory=set)
    """Workflows that PHP's runtime has in memory: a second ``terminate`` does not look at the row."""
    due: float = field(default_factory=time.time)
    """When what was begun so far should be done, as durations go (:meth:`Call.spend`)."""
    starts: dict[str, list[float]] = field(default_factory=dict)
    finishes: dict[str, list[float]] = field(default_factory=dict)
    """When calls began and ended, by method. One that fails leaves no end, so that the next end is
    paired with its beginning, as in ``loadlimiter.php``."""
    calls: list[TerminateCall] = field(default_factory=list)

    longer: dict[str, float] = field(default_factory=dict)
    """Seconds of the calls above the limiter's threshold so far, by method."""

    def begin(self, method: str) -> float:
        """Note that a call begins now; returns the moment."""
        moment = time.time()
        self.starts.setdefault(method, []).append(moment)
        return moment

    def finish(self, method: str, threshold: float) -> float:
        """Note that a call has ended now; returns the moment. Calls above ``threshold`` are summed up."""
        moment = time.time()
        ends = self.finishes.setdefault(method, [])
        seconds = moment - self.starts[method][len(ends)]
        ends.append(moment)
        if seconds > threshold:
            self.longer[method] = self.longer.get(method, 0.0) + seconds
        return moment


@dataclass(slots=True)
class Call:
    sandbox: Sandbox
    portal: Portal
    caller: Caller
    params: dict[str, Value]
    start: int
    request: RequestScope

    @property
    def user(self) -> User:
        return self.caller.user

    def require_admin(self) -> None:
        """``checkAdminPermissions``. Raises :class:`AccessDeniedError`."""
        if not self.user.admin:
            raise AccessDeniedError

    async def spend(self, seconds: float) -> None:
        """Let the command take its time.

        It begins where the command before it was due to end, so that 50 commands of 5 ms take 250 ms: what a
        sleep lasts too long, and what the sandbox itself worked meanwhile, is taken off the next one.
        """
        if seconds > 0:
            self.request.due = max(self.request.due, time.time() - _LATEST) + seconds
            await asyncio.sleep(max(0.0, self.request.due - time.time()))


@dataclass(slots=True)
class Listing:
    """A page of rows. ``total`` None: the method does not tell it."""

    rows: Sequence[Any]
    total: int | None = None
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A REST method: name in lower case, scope (empty: none needed) and what it does."""

    name: str
    scope: str
    handle: Callable[[Call], Awaitable[Any]]
    listing: bool = False
    own_duration: bool = False
    """The handler spends its time itself."""
