"""The two aiohttp applications, wired: the portals on one port, the authorization server on another."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from aiohttp import web

from bxapp.sandbox.state import SANDBOX

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.sandbox.state import Sandbox


def build_portal_application(sandbox: Sandbox) -> web.Application:
    """Everything that answers on the portals' port: REST, the browser's ``/oauth/authorize/``, the pages."""
    application = web.Application(client_max_size=16 * 2**20)
    application[SANDBOX] = sandbox
    application.router.add_routes(page_routes(sandbox))
    return application


def build_authorization_application(sandbox: Sandbox) -> web.Application:
    """Everything that answers on the authorization server's port: OAuth, its REST, ``/control``."""
    application = web.Application(client_max_size=16 * 2**20)
    application[SANDBOX] = sandbox
    return application


def page_routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """The routes of the browser pages, from ``bxapp.sandbox.ui.pages.routes``."""
    pages = importlib.import_module("bxapp.sandbox.ui.pages")
    routes = cast("Callable[[Sandbox], list[web.RouteDef]]", pages.routes)
    return routes(sandbox)
