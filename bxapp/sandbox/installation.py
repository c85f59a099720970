"""Coming and going of an application in a portal, and the events that tell it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from bxapp.sandbox.events import Occasion, deliveries, install_data, queue

if TYPE_CHECKING:
    from bxapp.sandbox.events import Delivery
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Application, Portal


async def finish_installation(
    sandbox: Sandbox, portal: Portal, user_id: int, application: Application | None = None
) -> None:
    """What ``installFinish`` of the frame does: the application is installed, ONAPPINSTALL is queued.

    Calling it again changes nothing and tells nobody.
    """
    found = application or portal.application
    if found.installed or not found.present:
        return
    found.installed = True
    updated = found.version > 1
    occasion = Occasion(
        "ONAPPUPDATE" if updated else "ONAPPINSTALL", install_data(found, portal), user_id, refresh=True
    )
    sandbox.spawn(queue(sandbox, portal, deliveries(sandbox, portal, found, occasion)))


def uninstall(
    sandbox: Sandbox, portal: Portal, application: Application, *, clean: bool, send_event: bool
) -> list[Delivery]:
    """Remove the application: tokens are worth nothing, handlers and widgets are gone.

    Returns the posts of ONAPPUNINSTALL that are to be sent (already built: its proof is the old
    application token). Nothing is told while the installation was unfinished.
    """
    data = {"LANGUAGE_ID": portal.settings.language, "CLEAN": "1" if clean else "0"}
    posts = (
        deliveries(sandbox, portal, application, Occasion("ONAPPUNINSTALL", data))
        if send_event and application.installed
        else []
    )
    for grant in sandbox.authorization.grants_of(portal.member_id):
        if grant.client_id == application.client_id:
            grant.revoked = True
    application.present = application.installed = False
    application.handlers.clear()
    application.placements.clear()
    application.options.clear()
    application.first_run_seen.clear()
    return posts


def install_again(application: Application) -> None:
    """Add the application once more: another application token, unfinished if there is an installer."""
    application.present = True
    application.version = 1
    application.installed = not application.install_url
    application.application_token = secrets.token_hex(16)


def update(sandbox: Sandbox, portal: Portal, application: Application) -> None:
    """A new version: with an installer URL the application is "not installed" again, tokens go on working."""
    application.version += 1
    if portal.settings.update_deletes_handlers:
        application.handlers.clear()
    if application.install_url:
        application.installed = False
        return
    occasion = Occasion("ONAPPUPDATE", install_data(application, portal), 1, refresh=True)
    sandbox.spawn(queue(sandbox, portal, deliveries(sandbox, portal, application, occasion)))
