"""Events of an application, posted as the portal's queue server does.

Sources: ``api-reference/common/events`` of the documentation, ``rest/lib/event/sender.php``. An event is
sent once, never repeated, not while the payment has expired, and not before the installation is finished.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

if TYPE_CHECKING:
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Application, EventHandler, Portal

_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(slots=True)
class Delivery:
    """One post to one handler. ``status`` is the handler's HTTP status, 0 if it could not be reached."""

    event: str
    url: str
    fields: dict[str, str]
    status: int = 0
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What happened. ``user_id`` is whose token goes along; ``refresh``: its refresh token too."""

    event: str
    data: dict[str, str]
    user_id: int = 0
    refresh: bool = False
    overrides: dict[str, str | None] = field(default_factory=dict)
    """Fields of the form that are changed or added, by their names in the form; None leaves one out."""


def install_data(application: Application, portal: Portal, *, installed: bool = True) -> dict[str, str]:
    return {
        "VERSION": str(application.version),
        "ACTIVE": "Y",
        "INSTALLED": "Y" if installed else "N",
        "LANGUAGE_ID": portal.settings.language,
    }


def deliveries(
    sandbox: Sandbox, portal: Portal, application: Application, occasion: Occasion
) -> list[Delivery]:
    """The posts an occasion leads to: one for each handler bound to the event."""
    if portal.settings.payment_expired:
        return []
    return [
        Delivery(occasion.event, handler.handler, form(sandbox, portal, application, occasion, handler))
        for handler in application.handlers
        if handler.event == occasion.event
    ]


def form(
    sandbox: Sandbox,
    portal: Portal,
    application: Application,
    occasion: Occasion,
    handler: EventHandler | None = None,
) -> dict[str, str]:
    """The fields of the form. ONAPPUNINSTALL carries no tokens: they are worth nothing already."""
    auth = {"domain": portal.domain, "member_id": portal.member_id}
    user_id = (handler.user_id if handler else 0) or occasion.user_id
    if user_id:
        grant = sandbox.authorization.issue(portal, user_id, application)
        auth = {
            "access_token": grant.access_token,
            "expires": str(round(grant.expires_at)),
            "expires_in": str(grant.expires_in),
            "scope": portal.settings.scope_joint.join(grant.scope),
            **auth,
            "status": portal.settings.application_status,
            "user_id": str(user_id),
        }
        if occasion.refresh:
            auth["refresh_token"] = grant.refresh_token
    auth["server_endpoint"] = portal.settings.server_endpoint or sandbox.authorization.rest_endpoint
    auth["client_endpoint"] = portal.client_endpoint
    auth["application_token"] = application.application_token
    fields = {
        "event": occasion.event,
        "event_handler_id": str(handler.id if handler else 1),
        **{f"data[{name}]": value for name, value in occasion.data.items()},
        "ts": str(int(time.time())),
        **{f"auth[{name}]": value for name, value in auth.items()},
    }
    changed: dict[str, str | None] = {**fields, **occasion.overrides}
    return {name: value for name, value in changed.items() if value is not None}


async def post(sandbox: Sandbox, delivery: Delivery) -> Delivery:
    """Post one form and note what the handler answered."""
    if sandbox.http is None:
        raise RuntimeError("The sandbox is not running.")
    try:
        async with sandbox.http.post(
            delivery.url,
            data=urlencode(delivery.fields).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "User-Agent": "Bitrix24 Webhook Engine",
            },
            timeout=_TIMEOUT,
        ) as response:
            delivery.status = response.status
    except (aiohttp.ClientError, TimeoutError) as error:
        delivery.error = f"{type(error).__name__}: {error}"
    return delivery


async def queue(sandbox: Sandbox, portal: Portal, posts: list[Delivery]) -> None:
    """Post after the queue's delay, beside everything else."""
    await asyncio.sleep(portal.settings.event_delay_seconds)
    for delivery in posts:
        sandbox.deliveries.append(await post(sandbox, delivery))
