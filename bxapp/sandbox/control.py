"""The control address: JSON under ``/control`` on the authorization server's port.

It stands for nothing in Bitrix24. Tests and people use it to see what the portals did and to change
how they behave. ``docs/sandbox.md`` lists every call.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bxapp.sandbox import control_portal
from bxapp.sandbox.faults import FaultError
from bxapp.sandbox.life import begin_life
from bxapp.sandbox.population import UnknownWishError
from bxapp.sandbox.seed import seed_portals
from bxapp.sandbox.settings import SettingError
from bxapp.sandbox.state import SANDBOX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Portal

    Body = dict[str, Any]


def routes() -> list[web.RouteDef]:
    portal_routes = [
        web.route(verb, f"/control/portals/{{number}}{path}", _of_portal(answer))
        for verb, path, answer in control_portal.ANSWERS
    ]
    return [
        web.get("/control/state", _answered(state)),
        web.get("/control/requests", _answered(requests)),
        web.delete("/control/requests", _answered(forget_requests)),
        web.get("/control/deliveries", _answered(events_sent)),
        web.get("/control/faults", _answered(faults)),
        web.post("/control/faults", _answered(add_fault)),
        web.delete("/control/faults", _answered(remove_faults)),
        web.delete("/control/faults/{id}", _answered(remove_faults)),
        web.get("/control/tokens", _answered(tokens)),
        web.patch("/control/authorization", _answered(change_authorization)),
        web.post("/control/reset", _answered(reset)),
        *portal_routes,
    ]


async def state(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    return {
        "authorization": sandbox.authorization.origin,
        "client_id": sandbox.options.client_id,
        "app_url": sandbox.options.app_url,
        "grants": len(sandbox.authorization.grants),
        "faults": [fault.as_dict() for fault in sandbox.faults.active],
        "portals": [control_portal.told(sandbox, portal) for portal in sandbox.portals],
    }


async def requests(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    """``?limit=`` of the latest requests (default 200), and how many of each there were."""
    return sandbox.record.as_dict(int(request.query.get("limit", "200")))


async def forget_requests(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    sandbox.record.forget()
    return {}


async def events_sent(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    """Events the portals posted by themselves. Tokens are in them: this is a toy."""
    return [delivery.as_dict() for delivery in sandbox.deliveries]


async def faults(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    return [fault.as_dict() for fault in sandbox.faults.active]


async def add_fault(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    return sandbox.faults.add(body).as_dict()


async def remove_faults(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    number = request.match_info.get("id")
    return {"removed": sandbox.faults.remove(int(number) if number else None)}


async def tokens(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    """Every access token, refresh token and code there ever was: what nobody may find written down."""
    authorization = sandbox.authorization
    return {
        "access": list(authorization.grants),
        "refresh": list(authorization.by_refresh_token),
        "codes": list(authorization.codes),
    }


async def change_authorization(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    """``unknown_code``: what ``app.info`` answers for an unknown token; ``origin``: that of a TLS proxy."""
    server = sandbox.authorization
    server.unknown_code = str(body.get("unknown_code", server.unknown_code))
    server.origin = str(body.get("origin", server.origin))
    return {"unknown_code": server.unknown_code, "origin": server.origin}


async def reset(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
    """A fresh world: ``seed`` (default: that of the start). Tokens, faults and records are forgotten."""
    running = list(sandbox.background)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    seed_portals(sandbox, int(body.get("seed", sandbox.options.seed)))
    sandbox.authorization.forget()
    sandbox.faults.remove()
    sandbox.record.forget()
    sandbox.deliveries.clear()
    begin_life(sandbox)
    return await state(sandbox, request, body)


def _answered(
    answer: Callable[[Sandbox, web.Request, Body], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.read() or b"{}")
            if not isinstance(body, dict):
                raise TypeError("The body must be a JSON object.")
            content = await answer(request.app[SANDBOX], request, body)
        except (SettingError, FaultError, UnknownWishError, json.JSONDecodeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except (KeyError, ValueError, TypeError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        return web.json_response(content)

    return handle


def _of_portal(
    answer: Callable[[Sandbox, Portal, web.Request, Body], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def find(sandbox: Sandbox, request: web.Request, body: Body) -> Any:
        number = request.match_info["number"]
        portal = next((one for one in sandbox.portals if str(one.number) == number), None)
        if portal is None:
            raise LookupError(f"There is no portal {number}.")
        return await answer(sandbox, portal, request, body)

    return _answered(find)
