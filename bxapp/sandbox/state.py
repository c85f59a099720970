"""The sandbox as one object: portals, authorization server, faults, and what was asked of them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from bxapp.sandbox.authorization import AuthorizationServer
from bxapp.sandbox.faults import Faults
from bxapp.sandbox.gate import Gate
from bxapp.sandbox.identity import TokenChecks
from bxapp.sandbox.limits import PortalLimits
from bxapp.sandbox.record import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bxapp.sandbox.events import Delivery
    from bxapp.sandbox.world import Portal


@dataclass(frozen=True, slots=True)
class Options:
    """What the sandbox was started with."""

    app_url: str = "http://127.0.0.1:8000"
    client_id: str = "local.flowstop"
    client_secret: str = "sandbox-secret"  # noqa: S105 -- the sandbox's own default, no secret of anyone
    seed: int = 7
    workflows: int = 300
    portals: int = 1
    without_installer: bool = False
    redirect_url: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings that every portal has from the start."""


@dataclass(slots=True)
class Runtime:
    """What a portal's server remembers besides its world."""

    gate: Gate = field(default_factory=Gate)
    limits: PortalLimits = field(default_factory=PortalLimits)
    checks: TokenChecks = field(default_factory=TokenChecks)


@dataclass(slots=True)
class Sandbox:
    """Everything of a running sandbox process."""

    options: Options
    portals: list[Portal] = field(default_factory=list)
    runtimes: dict[int, Runtime] = field(default_factory=dict)
    authorization: AuthorizationServer = field(default_factory=AuthorizationServer)
    faults: Faults = field(default_factory=Faults)
    record: RequestRecord = field(default_factory=RequestRecord)
    background: set[asyncio.Task[None]] = field(default_factory=set)
    http: aiohttp.ClientSession | None = None
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=1000))
    """Events that were posted by themselves, oldest first."""

    def portal_at(self, host: str) -> Portal | None:
        """The portal a Host header (with or without port) names."""
        return next((one for one in self.portals if one.answers_at(host)), None)

    def portal_of(self, member_id: str) -> Portal | None:
        return next((one for one in self.portals if one.member_id == member_id), None)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run ``work`` beside the requests; it is cancelled when the sandbox ends."""
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)


SANDBOX: web.AppKey[Sandbox] = web.AppKey("sandbox", Sandbox)
"""Under this key both aiohttp applications hold the :class:`Sandbox`."""
