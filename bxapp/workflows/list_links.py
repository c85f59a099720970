"""The portal's own address of a filtered list: what one administrator sends to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.methods.applications import application_url
from bxapp.portals import deep_links, grants

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor


def portal_url(actor: Actor, query: str) -> str:
    """Return the address that opens the application in the portal with this filter. Raises BitrixError."""
    return deep_links.link(application_url(grants.client_for(actor.grant)), query)
