"""One portal: ``call`` and ``batch``, each one HTTP request.

``POST <client_endpoint><method>`` with a JSON body that also carries the access token (documentation "How
to call REST methods"): every portal understands it, and nothing secret is in a URL.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Protocol, TypeVar

from bxapp.bitrix import transport
from bxapp.bitrix.addresses import moved_endpoint
from bxapp.bitrix.answers import Answer, BatchAnswer, Reply, read_answer, read_batch
from bxapp.bitrix.encoding import command_text
from bxapp.bitrix.errors import BitrixError, PortalMoved, RateLimited, RefreshNeeded
from bxapp.bitrix.redaction import redacted
from bxapp.bitrix.shared_answers import SharedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests

LONGEST_BATCH = 50
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# PHP renumbers arrays whose keys look like numbers; names keep their shape.
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Read = TypeVar("Read", Answer, BatchAnswer)


class TokenSource(Protocol):
    """Where a client gets access tokens from."""

    def access_token(self) -> str:
        """Return an access token that is believed to be valid; empty where the address needs none."""

    def renewed(self, refused: str) -> str:
        """Return a token newer than ``refused``, which the portal called expired; raises BitrixError."""


class Gate(Protocol):
    """Who keeps the portal's limit of requests."""

    def enter(self, attempt: int) -> None:
        """Return when an HTTP request may leave, or raise RateLimited.

        ``attempt``: which HTTP request of the same call it is, from 1.
        """

    def refused(self) -> None:
        """Take note that the portal refused a request for its limit."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a batch: a method and its parameters."""

    method: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and what came of it, for a record; never holds a token.

    ``params``: the parameters as sent, of a batch its command texts. ``status``: the HTTP status, None when
    no answer came. ``answer``: what was read, None when ``error`` was raised. ``attempt``: which HTTP request
    of the same call it is, from 1 (after a renewed token, or a redirect). ``member_id``: the portal, where an
    authorization server's answer names it.
    """

    endpoint: str
    method: str
    params: Mapping[str, object]
    commands: Mapping[str, Command]
    started_at: datetime
    duration_seconds: float
    status: int | None
    answer: Answer | BatchAnswer | None
    error: BitrixError | None
    attempt: int = 1
    member_id: str = ""


class Client:
    """Speaks with one portal in the name of one user. Safe to share between threads.

    ``client_endpoint`` must have been confirmed by an authorization server; ``http`` is a session of
    ``transport``. ``on_move`` is given the endpoint that a redirect points to and returns the confirmed
    endpoint of this portal, or None; the request is repeated there and nowhere else. It is called by one
    thread at a time, once for all requests that were under way together. ``recorder`` sees every exchange,
    redirects included. ``gate`` is asked before each HTTP request.
    """

    def __init__(
        self,
        client_endpoint: str,
        tokens: TokenSource,
        *,
        http: requests.Session,
        on_move: Callable[[str], str | None] | None = None,
        recorder: Callable[[Exchange], None] | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.client_endpoint = client_endpoint
        self._tokens = tokens
        self._http = http
        self._on_move = on_move
        self._move: SharedAnswer[str | None] = SharedAnswer()
        self._recorder = recorder
        self._gate = gate

    def __repr__(self) -> str:
        return f"Client({redacted(self.client_endpoint)!r})"

    def call(self, method: str, params: Mapping[str, object] | None = None) -> Answer:
        """Call one method; repeats once with a renewed token. Raises BitrixError."""
        sent = dict(params or {})

        def read(reply: Reply, token: str) -> Answer:
            return read_answer(reply, secrets=(token,))

        return self._with_token(method, sent, {}, read)

    def batch(self, commands: Mapping[str, Command]) -> BatchAnswer:
        """Run up to 50 commands one after the other in one request.

        The answer holds a result or an exception for each key; raises BitrixError only when the request as
        a whole was refused or unheard. Keys are names, not numbers.
        """
        if not 0 < len(commands) <= LONGEST_BATCH or not all(_KEY.fullmatch(key) for key in commands):
            raise ValueError("A batch takes 1 to 50 commands whose keys are names.")
        texts = {key: command_text(command.method, command.params) for key, command in commands.items()}
        methods = {key: command.method for key, command in commands.items()}

        def read(reply: Reply, token: str) -> BatchAnswer:
            return read_batch(reply, methods, secrets=(token,))

        return self._with_token("batch", {"halt": 0, "cmd": texts}, commands, read)

    def _with_token(
        self,
        method: str,
        params: Mapping[str, object],
        commands: Mapping[str, Command],
        read: Callable[[Reply, str], Read],
    ) -> Read:
        numbers = count(1)
        token = self._tokens.access_token()
        try:
            return self._followed(_Request(method, params, commands, token, numbers), read)
        except RefreshNeeded:
            token = self._tokens.renewed(token)
        return self._followed(_Request(method, params, commands, token, numbers), read)

    def _followed(self, request: _Request, read: Callable[[Reply, str], Read]) -> Read:
        """Post the request; after a redirect once more, the same, to the confirmed new endpoint."""
        # In this order: where another thread follows a move in between, it is asked about once more rather
        # than that its answer is taken for one about the new address.
        endpoint = self.client_endpoint
        move_number = self._move.number
        try:
            return self._recorded(endpoint, request, read)
        except _Redirected as redirected:
            hint = moved_endpoint(endpoint, request.method, redirected.location)
        confirmed = self._confirmed_move(hint, move_number)
        try:
            return self._recorded(confirmed, request, read)
        except _Redirected:
            raise PortalMoved("", "the portal's new address redirects again") from None

    def _recorded(self, endpoint: str, request: _Request, read: Callable[[Reply, str], Read]) -> Read:
        """Send one HTTP request, and tell the recorder of it however it ends."""
        number = next(request.numbers)
        if self._gate:
            self._gate.enter(number)
        started_at, clock = datetime.now(UTC), time.monotonic()
        reply: Reply | None = None
        answer: Read | None = None
        error: BitrixError | None = None
        try:
            reply, location = transport.send(
                self._http, endpoint + request.method, request.body, "application/json"
            )
            if reply.status in _REDIRECTS:
                raise _Redirected(location)
            answer = read(reply, request.token)
        except BitrixError as raised:
            error = raised
            if self._gate and isinstance(raised, RateLimited):
                self._gate.refused()
            raise
        finally:
            if self._recorder:
                self._recorder(
                    Exchange(
                        redacted(endpoint),
                        request.method,
                        request.params,
                        request.commands,
                        started_at,
                        time.monotonic() - clock,
                        reply.status if reply else None,
                        answer,
                        error,
                        number,
                    )
                )
        return answer

    def _confirmed_move(self, hint: str, move_number: int) -> str:
        confirmed = (
            self._move.since(move_number, partial(self._follow, self._on_move, hint))
            if self._on_move and hint
            else None
        )
        if confirmed is None:
            raise PortalMoved("", "the portal redirects to an address that is not confirmed")
        return confirmed

    def _follow(self, on_move: Callable[[str], str | None], hint: str) -> str | None:
        confirmed = on_move(hint)
        if confirmed is not None:
            self.client_endpoint = confirmed
        return confirmed


@dataclass(frozen=True, slots=True)
class _Request:
    """What is posted, to whichever address; ``numbers`` counts the HTTP requests of one call."""

    method: str
    params: Mapping[str, object]
    commands: Mapping[str, Command]
    token: str = field(repr=False)
    numbers: Iterator[int]

    @property
    def body(self) -> bytes:
        return json.dumps({**self.params, "auth": self.token} if self.token else self.params).encode()


class _Redirected(PortalMoved):
    def __init__(self, location: str) -> None:
        super().__init__("", "the portal redirects")
        self.location = location
