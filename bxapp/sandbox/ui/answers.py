"""What the frame page's script asks of the portal's server: tokens, options, the end of the installation.

Stands for ``app.layout``'s ``lazyload.ajax.php`` (actions ``access_refresh``, ``set_option``,
``set_installed``) and for the user options of the portal. Every answer needs a living session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bxapp.sandbox.installation import finish_installation
from bxapp.sandbox.launch import may_install, mint_frame_auth

if TYPE_CHECKING:
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Portal, User


async def fresh_tokens(sandbox: Sandbox, portal: Portal, user: User, request: web.Request) -> web.Response:
    """``refreshAuth``: a new pair; the expiry is a text, as the component prints it."""
    if not portal.application.present:
        return web.json_response({"error": "application_not_found"}, status=404)
    grant = mint_frame_auth(sandbox, portal, user.id)
    return web.json_response(
        {
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
            "expires_in": str(grant.expires_in),
        }
    )


async def installed(sandbox: Sandbox, portal: Portal, user: User, request: web.Request) -> web.Response:
    """``setInstallFinish``: ``v`` is Y or N. The result is a text, so the script takes "false" for true."""
    asked = await request.post()
    if not may_install(user):
        return web.json_response({"result": "false"})
    if asked.get("v") == "N":
        portal.application.installed = False
    else:
        await finish_installation(sandbox, portal, user.id)
    return web.json_response({"result": "true"})


async def first_run(sandbox: Sandbox, portal: Portal, user: User, request: web.Request) -> web.Response:
    """``setInstall``: this user has run this version (or, with ``install`` 0, has not)."""
    asked = await request.post()
    key = (user.id, portal.application.version)
    if asked.get("install") == "0":
        portal.application.first_run_seen.discard(key)
    else:
        portal.application.first_run_seen.add(key)
    return web.json_response({})


async def user_option(sandbox: Sandbox, portal: Portal, user: User, request: web.Request) -> web.Response:
    """``setUserOption``: one option of this user for the application."""
    asked = await request.post()
    user.options[str(asked.get("name", ""))] = str(asked.get("value", ""))
    return web.json_response({})


async def application_option(
    sandbox: Sandbox, portal: Portal, user: User, request: web.Request
) -> web.Response:
    """``setAppOption``: one option of the application, by those who may install. Answers all of them."""
    if not may_install(user):
        return web.json_response({"error": "access_denied"})
    asked = await request.post()
    portal.application.options[str(asked.get("name", ""))] = str(asked.get("value", ""))
    return web.json_response(portal.application.options)
