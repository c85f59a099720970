"""``placement.list``, ``.bind``, ``.unbind``, ``.get`` (``rest/lib/api/placement.php``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bxapp.sandbox import php
from bxapp.sandbox.call import Method
from bxapp.sandbox.failures import AccessDeniedError, RestError, WrongAuthTypeError
from bxapp.sandbox.methods.event import check_handler
from bxapp.sandbox.world import PlacementHandler

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call
    from bxapp.sandbox.world import Application

PLACEMENTS = (
    "LEFT_MENU",
    "CRM_LEAD_DETAIL_TAB",
    "CRM_DEAL_DETAIL_TAB",
    "CRM_CONTACT_DETAIL_TAB",
    "CRM_COMPANY_DETAIL_TAB",
    "CRM_LEAD_LIST_MENU",
    "CRM_DEAL_LIST_MENU",
    "TASK_VIEW_TAB",
    "REST_APP_URI",
)


async def placement_list(call: Call) -> list[str]:
    _application(call)
    return list(PLACEMENTS)


async def placement_bind(call: Call) -> bool:
    application = _administered(call)
    params = php.upper_keys(call.params)
    placement = php.text(params.get("PLACEMENT")).upper()
    handler = php.text(params.get("HANDLER"))
    if not placement or placement == "DEFAULT":
        raise RestError("Argument 'PLACEMENT' is null or empty", "ERROR_ARGUMENT", 400, argument="PLACEMENT")
    if not handler:
        raise RestError("Argument 'HANDLER' is null or empty", "ERROR_ARGUMENT", 400, argument="HANDLER")
    check_handler(handler)
    if placement not in PLACEMENTS:
        raise RestError("Placement not found", "ERROR_PLACEMENT_NOT_FOUND")
    if placement == "REST_APP_URI" and any(one.placement == placement for one in application.placements):
        raise RestError("Placement max count: 1", "ERROR_PLACEMENT_MAX_COUNT")
    if any((one.placement, one.handler) == (placement, handler) for one in application.placements):
        raise RestError("Unable to set placement handler: Handler already binded", "ERROR_CORE")
    title = php.text(params.get("TITLE")).strip() or application.title
    application.placements.append(
        PlacementHandler(placement, handler, title, php.text(params.get("DESCRIPTION")).strip())
    )
    return True


async def placement_unbind(call: Call) -> dict[str, int]:
    """The count is twice the number of handlers, as the server has it."""
    application = _administered(call)
    params = php.upper_keys(call.params)
    placement = php.text(params.get("PLACEMENT")).upper()
    handler = php.text(params.get("HANDLER"))
    if not placement:
        raise RestError("Argument 'PLACEMENT' is null or empty", "ERROR_ARGUMENT", 400, argument="PLACEMENT")
    kept = [
        one
        for one in application.placements
        if one.placement != placement or (handler and one.handler != handler)
    ]
    count = 2 * (len(application.placements) - len(kept))
    application.placements = kept
    return {"count": count}


async def placement_get(call: Call) -> list[dict[str, Any]]:
    application = _administered(call)
    return [
        {
            "id": number,
            "placement": one.placement,
            "userId": 0,
            "handler": one.handler,
            "options": [],
            "title": one.title,
            "description": one.description,
            "langAll": [],
        }
        for number, one in enumerate(application.placements, 1)
    ]


def _application(call: Call) -> Application:
    if call.caller.application is None:
        raise WrongAuthTypeError("Application context required")
    return call.caller.application


def _administered(call: Call) -> Application:
    application = _application(call)
    if not call.user.admin:
        raise AccessDeniedError
    return application


METHODS = (
    Method("placement.list", "placement", placement_list),
    Method("placement.bind", "placement", placement_bind),
    Method("placement.unbind", "placement", placement_unbind),
    Method("placement.get", "placement", placement_get),
)
