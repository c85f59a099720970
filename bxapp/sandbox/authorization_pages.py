"""The authorization server's HTTP face: ``/oauth/token/`` and ``/rest/app.info``.

Also the portal's ``/oauth/authorize/``, which sends the browser back with a code.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from bxapp.sandbox import broken, php
from bxapp.sandbox.authorization_answers import OAuthError, answer_app_info, answer_token
from bxapp.sandbox.faults import FaultKind
from bxapp.sandbox.interference import cut
from bxapp.sandbox.reading import read_fields
from bxapp.sandbox.record import Asked
from bxapp.sandbox.state import SANDBOX
from bxapp.sandbox.ui import sessions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bxapp.sandbox.faults import Fault
    from bxapp.sandbox.php import Value
    from bxapp.sandbox.state import Sandbox

    Answer = Callable[[Sandbox, dict[str, Value]], dict[str, Any]]


def routes() -> list[web.RouteDef]:
    """Routes of the authorization server's port, without ``/control``."""
    token, info = _handler("oauth/token", answer_token), _handler("app.info", answer_app_info)
    return [
        web.route(verb, path, handle)
        for handle, paths in (
            (token, ("/oauth/token/", "/oauth/token")),
            (info, ("/rest/app.info", "/rest/app.info/", "/rest/app.info.json")),
        )
        for path in paths
        for verb in ("GET", "POST")
    ]


def _handler(name: str, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        sandbox = request.app[SANDBOX]
        asked = Asked(time.time(), "authorization", None, name, request.remote or "", request.host)
        asked.token_in_url = bool(request.query_string)
        fields = await read_fields(request)
        struck = sandbox.faults.strike("authorization", None, [name])
        asked.fault = ",".join(fault.kind for fault in struck)
        response = await _before(request, struck)
        if response is None:
            try:
                content = answer(sandbox, fields)
                asked.user = php.integer(content.get("user_id") or content.get("result", {}).get("user_id"))
                response = await _after(request, struck, content) or web.json_response(content)
            except OAuthError as error:
                asked.error = error.code
                response = web.json_response(error.answer(), status=error.status)
        asked.status = response.status
        asked.seconds = time.time() - asked.at
        sandbox.record.add(asked)
        return response

    return handle


async def _before(request: web.Request, struck: Sequence[Fault]) -> web.Response | None:
    for fault in struck:
        match fault.kind:
            case FaultKind.SLOW:
                await asyncio.sleep(fault.seconds)
            case FaultKind.CUT_BEFORE:
                return cut(request)
            case FaultKind.HTTP500:
                return broken.internal_error()
            case FaultKind.HTTP502:
                return broken.bad_gateway()
            case FaultKind.EMPTY:
                return web.Response(status=fault.status or 200)
            case FaultKind.OAUTH_ERROR:
                return web.json_response(
                    {"error": fault.code or "invalid_request"}, status=fault.status or 400
                )
            case _:
                pass
    return None


async def _after(
    request: web.Request, struck: Sequence[Fault], content: dict[str, Any]
) -> web.Response | None:
    for fault in struck:
        match fault.kind:
            case FaultKind.SLOW_AFTER:
                await asyncio.sleep(fault.seconds)
            case FaultKind.CUT_AFTER:
                return cut(request)
            case FaultKind.WRONG_JSON:
                return broken.misshape(content, fault.shape)
            case _:
                pass
    return None


async def authorize(request: web.Request) -> web.StreamResponse:
    """``/oauth/authorize/`` of a portal: back to the application with a code.

    A refusal is a page of the portal's own; the application hears nothing. Without a session the
    first administrator is signed in, as on a first visit.
    """
    sandbox = request.app[SANDBOX]
    portal = sandbox.portal_at(request.host)
    application = portal.applications.get(request.query.get("client_id", "")) if portal else None
    if portal is None or application is None or not application.present:
        return broken.html(400, "Application not found", "<p>The application is not installed.</p>")
    user = sessions.signed_in(portal, request) or portal.users[1]
    code = sandbox.authorization.issue_code(portal, user.id, application)
    address = application.redirect_url or application.app_url
    back = {
        "code": code.value,
        "state": request.query.get("state", ""),
        "domain": portal.domain,
        "member_id": portal.member_id,
        "scope": ",".join(application.scope),
        "server_domain": sandbox.authorization.domain,
    }
    raise web.HTTPFound(f"{address}{'&' if '?' in address else '?'}{urlencode(back)}")
