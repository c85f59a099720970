"""The portal's REST server: one HTTP request in, one answer out.

Order of the checks as in ``CRestServer::processExecution``: the site, the method, the token, the
limiter of execution time, the method itself. The rate limit, moved domains and faults stand before
it, as the web server in front of a portal does.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bxapp.sandbox import broken, php
from bxapp.sandbox.batch import run_batch
from bxapp.sandbox.call import Call, Listing, RequestScope
from bxapp.sandbox.failures import RestError, ServerFailureError, TokenRefusedError
from bxapp.sandbox.faults import FaultKind
from bxapp.sandbox.identity import allows, recognise
from bxapp.sandbox.interference import Interference
from bxapp.sandbox.methods import find_method
from bxapp.sandbox.reading import read_request
from bxapp.sandbox.record import Asked
from bxapp.sandbox.state import SANDBOX
from bxapp.sandbox.timing import time_part

if TYPE_CHECKING:
    from bxapp.sandbox.call import Method
    from bxapp.sandbox.php import Value
    from bxapp.sandbox.reading import Reading
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Portal

# PHP's session, which every answer to a caller without one begins.
_COOKIE = "PHPSESSID"
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "origin, content-type, accept, authorization",
    "X-Content-Type-Options": "nosniff",
}


async def answer_options(request: web.Request) -> web.Response:
    """What a browser asks before it calls REST from another origin (``CRestUtil::sendHeaders``)."""
    return web.Response(headers=_HEADERS)


async def answer_rest(request: web.Request) -> web.StreamResponse:
    """Handler of ``/rest/{path}``."""
    sandbox = request.app[SANDBOX]
    portal = sandbox.portal_at(request.host)
    if portal is None:
        return broken.html(404, "404 Not Found")
    asked = Asked(time.time(), "portal", portal.number, "", request.remote or "", request.host)
    asked.cookie_sent = _COOKIE in request.cookies
    try:
        runtime = sandbox.runtimes[portal.number]
        async with runtime.gate.entered(portal.settings.max_parallel):
            response = await _answer(sandbox, portal, request, asked)
        if not asked.cookie_sent:
            response.set_cookie(_COOKIE, secrets.token_hex(16), path="/", httponly=True)
        asked.status = response.status
    finally:
        asked.seconds = time.time() - asked.at
        sandbox.record.add(asked)
    return response


async def _answer(sandbox: Sandbox, portal: Portal, request: web.Request, asked: Asked) -> web.Response:
    runtime = sandbox.runtimes[portal.number]
    reading = await read_request(request, bearer_known=portal.settings.bearer_known)
    asked.method, asked.commands = reading.method, reading.commands
    asked.auth_in = "webhook" if reading.webhook_secret else reading.token_in
    asked.token_in_url = reading.token_in_url
    if not runtime.limits.admits(portal.settings, request.remote or ""):
        runtime.limits.refuse("QUERY_LIMIT_EXCEEDED", reading.method)
        return _refuse(RestError("Too many requests", "QUERY_LIMIT_EXCEEDED", 503), asked)
    if portal.settings.moved and request.host.rsplit(":", 1)[0] != portal.moved_host:
        return _redirect(portal, request)
    struck = sandbox.faults.strike("portal", portal.number, [reading.method, *reading.commands])
    asked.fault = ",".join(fault.kind for fault in struck)
    interference = Interference(sandbox, portal, request, reading)
    instead = await interference.before_work(struck)
    if instead is not None:
        interference.note_dropped(asked.at)
        return instead
    at_new_domain = request.host.rsplit(":", 1)[0] == portal.moved_host
    if not at_new_domain and any(fault.kind is FaultKind.REDIRECT for fault in struck):
        return _redirect(portal, request)
    scope = RequestScope(asked.at)
    try:
        answer = await asyncio.wait_for(
            _work(sandbox, portal, reading, asked, scope), portal.settings.request_time_limit
        )
    except TokenRefusedError as error:
        if error.status == 401:
            error.status = portal.settings.token_error_status
        return _refuse(error, asked)
    except RestError as error:
        _note_heard(scope, request)
        return _refuse(error, asked)
    except ServerFailureError:
        asked.error = "PHP"
        interference.note_dropped(asked.at, scope.calls)
        return broken.internal_error()
    except TimeoutError:
        asked.error = "TIMEOUT"
        interference.note_dropped(asked.at, scope.calls)
        return broken.gateway_timeout()
    other = await interference.after_work(struck, answer)
    if other is not None:
        if any(fault.shape == "batch_command_lost" for fault in struck if fault.kind is FaultKind.WRONG_JSON):
            _note_heard(scope, request, first_lost=True)
        return other
    _note_heard(scope, request)
    return _respond(answer, 200)


def _note_heard(scope: RequestScope, request: web.Request, *, first_lost: bool = False) -> None:
    """The calls of a request get their true answer, unless nobody is there any more to hear it.

    ``first_lost``: but for the first that was done and the first that failed (``batch_command_lost``).
    """
    gone = request.transport is None or request.transport.is_closing()
    lost: set[str] = set()
    for call in scope.calls:
        if first_lost and call.result not in lost:
            lost.add(call.result)
        else:
            call.heard = not gone


async def _work(
    sandbox: Sandbox, portal: Portal, reading: Reading, asked: Asked, scope: RequestScope
) -> dict[str, Any]:
    if portal.settings.closed:
        raise RestError("Portal was deleted", "PORTAL_DELETED", portal.settings.closed_status)
    method = find_method(portal, reading.method)
    runtime = sandbox.runtimes[portal.number]
    caller = recognise(sandbox, portal, runtime.checks, reading, method.scope)
    asked.user = caller.user.id
    call = Call(sandbox, portal, caller, reading.params, 0, scope)
    try:
        return await run_method(call, method, scope.started)
    finally:
        runtime.limits.operating.record(portal.settings, caller.entity, scope)


async def run_command(call: Call, name: str, params: dict[str, Value]) -> dict[str, Any]:
    """One command of a batch, for :func:`bxapp.sandbox.batch.run_batch`."""
    begun = time.time()
    method = find_method(call.portal, name)
    if not allows(call.caller.scope, method.scope):
        raise TokenRefusedError("insufficient_scope")
    inner = Call(call.sandbox, call.portal, call.caller, params, 0, call.request)
    return await run_method(inner, method, begun)


async def run_method(call: Call, method: Method, begun: float) -> dict[str, Any]:
    """``CRestServer::processCall``: limiter, method, and the answer around its result."""
    settings, scope = call.portal.settings, call.request
    limits = call.sandbox.runtimes[call.portal.number].limits
    limiter = limits.operating
    entity = call.caller.entity
    fault = call.sandbox.faults.strike_command(call.portal.number, method.name)
    if fault is not None and fault.kind is FaultKind.COMMAND_ERROR:
        raise RestError(fault.description, fault.code, fault.status or 400)
    refuses = fault is None and limiter.refuses(settings, entity, method.name, scope)
    if refuses:
        limits.refuse("OPERATION_TIME_LIMIT", method.name)
    if fault is not None or refuses:
        raise RestError("Method is blocked due to operation time limit.", "OPERATION_TIME_LIMIT", 429)
    call.start = php.integer(call.params.pop("start", 0))
    process_start = scope.begin(method.name)
    if method.name == "batch":
        result: Any = await run_batch(call, run_command)
    else:
        if not method.own_duration:
            await call.spend(settings.list_seconds if method.listing else settings.call_seconds)
        result = await method.handle(call)
    process_finish = scope.finish(method.name, settings.operating_threshold)
    answer: dict[str, Any] = {"result": result}
    if isinstance(result, Listing):
        answer["result"] = list(result.rows)
        if result.next is not None:
            answer["next"] = result.next
        if result.total is not None:
            answer["total"] = result.total
    answer["time"] = time_part(
        settings,
        limiter,
        scope,
        entity=entity,
        method=method.name,
        begun=begun,
        processing=(process_start, process_finish),
    )
    return answer


def _refuse(error: RestError, asked: Asked) -> web.Response:
    asked.error = error.code or "(empty)"
    return _respond(error.answer(), error.status)


def _respond(answer: dict[str, Any], status: int) -> web.Response:
    body = json.dumps(answer, separators=(",", ":")).encode()
    return web.Response(
        status=status, body=body, content_type="application/json", charset="utf-8", headers=_HEADERS
    )


def _redirect(portal: Portal, request: web.Request) -> web.Response:
    address = f"http://{portal.moved_host}:{portal.port}{request.rel_url.raw_path_qs}"
    return web.Response(status=302, headers={"Location": address})
