"""Faults on request: what goes wrong, where, how often.

A fault is added through ``POST /control/faults`` and stays until its ``times`` are used up or it is
deleted. Chance comes from the fault's own seed, so a run can be repeated.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bxapp.sandbox.broken import SHAPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection


class FaultKind(StrEnum):
    HTTP500 = "http500"
    """HTTP 500 with HTML."""
    HTTP502 = "http502"
    """HTTP 502 with the HTML of a proxy."""
    EMPTY = "empty"
    """HTTP 200 and nothing in it."""
    CUT_BEFORE = "cut_before"
    """The connection is closed before any work is done."""
    CUT_AFTER = "cut_after"
    """The work is done, then the connection is closed without an answer."""
    SLOW = "slow"
    """``seconds`` pass before the work begins."""
    SLOW_AFTER = "slow_after"
    """The work is done, then ``seconds`` pass before the answer."""
    WRONG_JSON = "wrong_json"
    """The work is done, the answer has another ``shape``: see :mod:`bxapp.sandbox.broken`."""
    REDIRECT = "redirect"
    """302 to the portal's new domain, where the same call works."""
    PORTAL_DELETED = "portal_deleted"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 -- the name of a fault
    """The caller's pair is revoked: ``invalid_token`` here, ``invalid_grant`` at the next refresh."""
    RIGHTS_LOST = "rights_lost"
    """The caller stops being an administrator just before the work."""
    LIMIT = "limit"
    """503 ``QUERY_LIMIT_EXCEEDED``."""
    OPERATING = "operating"
    """429 ``OPERATION_TIME_LIMIT``; inside a batch as that command's error."""
    ERROR = "error"
    """The portal answers ``code`` and ``description`` with ``status`` (200 too)."""
    COMMAND_ERROR = "command_error"
    """The same for one call or one command of a batch, which is not executed."""
    OAUTH_ERROR = "oauth_error"
    """The authorization server answers ``code`` with ``status``."""


PER_COMMAND = frozenset({FaultKind.OPERATING, FaultKind.COMMAND_ERROR})


@dataclass(slots=True)
class Fault:
    """``portal`` None: any; ``method`` empty: any, else the request's method or one of its commands."""

    id: int
    kind: FaultKind
    server: str = "portal"
    """``portal`` or ``authorization`` (methods there: ``oauth/token``, ``app.info``)."""
    portal: int | None = None
    method: str = ""
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    """So many matching requests pass unharmed first."""
    seconds: float = 1.0
    shape: str = "list"
    code: str = ""
    description: str = ""
    status: int = 0
    after_work: bool = False
    """For http500, http502, empty and error: the work is done all the same."""
    seed: int = 0
    hits: int = 0
    random: random.Random = field(default_factory=random.Random, repr=False)

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _TOLD}


_TOLD = (
    "id", "kind", "server", "portal", "method", "probability", "times", "skip", "seconds", "shape", "code",
    "description", "status", "after_work", "seed", "hits",
)  # fmt: skip


class FaultError(ValueError):
    """A fault that cannot be: the message says why."""


@dataclass(slots=True)
class Faults:
    active: list[Fault] = field(default_factory=list)
    last_id: int = 0

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Add one. Raises :class:`FaultError` for an unknown kind or key."""
        strange = set(wanted) - set(_TOLD) | set(wanted) & {"id", "hits"}
        if strange:
            raise FaultError(f"A fault has no {', '.join(sorted(strange))}.")
        try:
            kind = FaultKind(wanted.get("kind", ""))
        except ValueError as error:
            kinds = ", ".join(FaultKind)
            raise FaultError(f"{wanted.get('kind')!r} is no kind of fault: {kinds}.") from error
        shape = wanted.get("shape", "list")
        if shape not in SHAPE_NAMES:
            raise FaultError(f"{shape!r} is no shape: {', '.join(SHAPE_NAMES)}.")
        self.last_id += 1
        fault = Fault(id=self.last_id, **{**wanted, "kind": kind})
        fault.random.seed(fault.seed)
        self.active.append(fault)
        return fault

    def remove(self, fault_id: int | None = None) -> int:
        """Remove one, or all. Returns how many."""
        before = len(self.active)
        self.active = [one for one in self.active if fault_id is not None and one.id != fault_id]
        return before - len(self.active)

    def strike(self, server: str, portal: int | None, methods: Collection[str]) -> list[Fault]:
        """The faults that hit a request for ``methods`` now; each hit is counted."""
        return [
            fault
            for fault in self.active
            if fault.kind not in PER_COMMAND
            and fault.server == server
            and _matches(fault, portal, methods)
            and self._hits(fault)
        ]

    def strike_command(self, portal: int, method: str) -> Fault | None:
        """The fault that hits one command (or single call) inside the work."""
        return next(
            (
                fault
                for fault in self.active
                if fault.kind in PER_COMMAND and _matches(fault, portal, (method,)) and self._hits(fault)
            ),
            None,
        )

    def _hits(self, fault: Fault) -> bool:
        if fault.times is not None and fault.hits >= fault.times:
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.probability < 1.0 and fault.random.random() >= fault.probability:
            return False
        fault.hits += 1
        return True


def _matches(fault: Fault, portal: int | None, methods: Collection[str]) -> bool:
    if fault.portal is not None and fault.portal != portal:
        return False
    return not fault.method or fault.method in methods
