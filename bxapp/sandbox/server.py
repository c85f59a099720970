"""The two aiohttp applications, wired: the portals on one port, the authorization server on another."""

from __future__ import annotations

import asyncio
import importlib
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import aiohttp
from aiohttp import web

from bxapp.sandbox import authorization_pages, control
from bxapp.sandbox.life import begin_life
from bxapp.sandbox.rest import answer_options, answer_rest
from bxapp.sandbox.seed import seed_portals
from bxapp.sandbox.state import SANDBOX, Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bxapp.sandbox.state import Options

_LARGEST_BODY_BYTES = 16 * 2**20
_KEEP_ALIVE_SECONDS = 75.0
_BACKLOG = 512
_LOCALHOST = "127.0.0.1"


def build_portal_application(sandbox: Sandbox) -> web.Application:
    """Everything that answers on the portals' port: REST, the browser's ``/oauth/authorize/``, the pages."""
    application = web.Application(client_max_size=_LARGEST_BODY_BYTES)
    application[SANDBOX] = sandbox
    application.router.add_routes(
        [
            web.get("/rest/{path:.*}", answer_rest),
            web.post("/rest/{path:.*}", answer_rest),
            web.options("/rest/{path:.*}", answer_options),
            web.get("/oauth/authorize/", authorization_pages.authorize),
            web.get("/oauth/authorize", authorization_pages.authorize),
            *page_routes(sandbox),
        ]
    )
    return application


def build_authorization_application(sandbox: Sandbox) -> web.Application:
    """Everything that answers on the authorization server's port: OAuth, its REST, ``/control``."""
    application = web.Application(client_max_size=_LARGEST_BODY_BYTES)
    application[SANDBOX] = sandbox
    application.router.add_routes([*authorization_pages.routes(), *control.routes()])
    return application


def page_routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """The routes of the browser pages, from ``bxapp.sandbox.ui.pages.routes``."""
    pages = importlib.import_module("bxapp.sandbox.ui.pages")
    routes = cast("Callable[[Sandbox], list[web.RouteDef]]", pages.routes)
    return routes(sandbox)


@asynccontextmanager
async def running(options: Options, portal_port: int, authorization_port: int) -> AsyncIterator[Sandbox]:
    """A sandbox that answers on both ports (0: any free one) until the block is left.

    Raises ``OSError`` if a port is taken.
    """
    sandbox = Sandbox(options)
    seed_portals(sandbox, options.seed)
    portal_runner = web.AppRunner(
        build_portal_application(sandbox), access_log=None, keepalive_timeout=_KEEP_ALIVE_SECONDS
    )
    authorization_runner = web.AppRunner(
        build_authorization_application(sandbox), access_log=None, keepalive_timeout=_KEEP_ALIVE_SECONDS
    )
    async with aiohttp.ClientSession() as session:
        sandbox.http = session
        try:
            port = await _listen(portal_runner, portal_port, _hosts(sandbox))
            for portal in sandbox.portals:
                portal.port = port
            port = await _listen(authorization_runner, authorization_port, [_LOCALHOST])
            sandbox.authorization.origin = f"http://localhost:{port}"
            begin_life(sandbox)
            yield sandbox
        finally:
            work = list(sandbox.background)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await portal_runner.cleanup()
            await authorization_runner.cleanup()


def _hosts(sandbox: Sandbox) -> list[str]:
    """The loopback addresses of all portals, at their old and their new domains."""
    names = [host for portal in sandbox.portals for host in (portal.host, portal.moved_host)]
    return [_LOCALHOST if name == "localhost" else name for name in names]


async def _listen(runner: web.AppRunner, port: int, hosts: list[str]) -> int:
    """Listen on the same port of every host (aiohttp turns Nagle's delay off itself). Returns the port."""
    await runner.setup()
    for host in hosts:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            raise OSError(error.errno, f"{host}:{port}: {error.strerror}") from error
        port = int(listener.getsockname()[1])
        await web.SockSite(runner, listener, backlog=_BACKLOG).start()
    return port
