"""Faults at work on one request of a portal."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bxapp.sandbox import broken
from bxapp.sandbox.faults import FaultKind
from bxapp.sandbox.world import CallResult, TerminateCall

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bxapp.sandbox.authorization import Grant
    from bxapp.sandbox.faults import Fault
    from bxapp.sandbox.reading import Reading
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Portal

_ANSWERS = frozenset({FaultKind.HTTP500, FaultKind.HTTP502, FaultKind.EMPTY, FaultKind.ERROR})


@dataclass(slots=True)
class Interference:
    """What the faults that struck do before and after the work."""

    sandbox: Sandbox
    portal: Portal
    request: web.Request
    reading: Reading

    async def before_work(self, struck: Sequence[Fault]) -> web.Response | None:
        """An answer instead of the work, or None: the work is done."""
        for fault in struck:
            match fault.kind:
                case FaultKind.SLOW:
                    await asyncio.sleep(fault.seconds)
                case FaultKind.CUT_BEFORE:
                    return self._cut()
                case kind if kind in _ANSWERS and not fault.after_work:
                    return _instead(fault)
                case FaultKind.LIMIT:
                    return web.json_response(
                        {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"},
                        status=503,
                    )
                case FaultKind.PORTAL_DELETED:
                    return web.json_response(
                        {"error": "PORTAL_DELETED", "error_description": "Portal was deleted"},
                        status=fault.status or self.portal.settings.closed_status,
                    )
                case FaultKind.TOKEN_REVOKED:
                    if grant := self._grant():
                        grant.revoked = True
                case FaultKind.RIGHTS_LOST:
                    if grant := self._grant():
                        self.portal.users[grant.user_id].admin = False
                case _:
                    pass
        return None

    async def after_work(self, struck: Sequence[Fault], answer: dict[str, Any]) -> web.Response | None:
        """An answer instead of the true one, or None."""
        for fault in struck:
            match fault.kind:
                case FaultKind.SLOW_AFTER:
                    await asyncio.sleep(fault.seconds)
                case FaultKind.CUT_AFTER:
                    return self._cut()
                case FaultKind.WRONG_JSON if not broken.spares(answer, fault.shape):
                    return broken.misshape(answer, fault.shape)
                case kind if kind in _ANSWERS and fault.after_work:
                    return _instead(fault)
                case _:
                    pass
        return None

    def note_dropped(self, arrived: float, begun: Collection[TerminateCall] = ()) -> None:
        """Note the calls of a request that ended before them, with the workflows they were meant for.

        ``begun``: those that it came to.
        """
        for workflow_id, title in self.reading.terminations:
            workflow = self.portal.workflows.get(workflow_id)
            if workflow is not None and not any(call is one for call in workflow.calls for one in begun):
                workflow.calls.append(TerminateCall(arrived, None, title, CallResult.DROPPED))

    def _grant(self) -> Grant | None:
        return self.sandbox.authorization.grants.get(self.reading.token or "")

    def _cut(self) -> web.Response:
        """Close the connection; the answer that is returned goes nowhere."""
        return cut(self.request)


def cut(request: web.Request) -> web.Response:
    """Close the connection of ``request`` without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


def _instead(fault: Fault) -> web.Response:
    match fault.kind:
        case FaultKind.HTTP500:
            return broken.internal_error()
        case FaultKind.HTTP502:
            return broken.bad_gateway()
        case FaultKind.ERROR:
            told = {"error": fault.code, "error_description": fault.description}
            return web.json_response(told, status=fault.status or 400)
        case _:
            return web.Response(status=fault.status or 200, content_type="application/json")
