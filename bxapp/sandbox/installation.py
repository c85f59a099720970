"""Coming and going of an application in a portal, and the events that tell it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Application, Portal


async def finish_installation(
    sandbox: Sandbox, portal: Portal, user_id: int, application: Application | None = None
) -> None:
    """What ``installFinish`` of the frame does: the application is installed, ONAPPINSTALL is queued."""
    found = application or portal.application
    found.installed = True
    if not found.application_token:
        found.application_token = secrets.token_hex(16)
