"""``events``, ``event.bind``, ``event.unbind``, ``event.get`` (``rest/lib/api/event.php``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bxapp.sandbox import php
from bxapp.sandbox.call import Method
from bxapp.sandbox.failures import AccessDeniedError, RestError, WrongAuthTypeError
from bxapp.sandbox.world import EventHandler

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call
    from bxapp.sandbox.world import Application

EVENTS = ("ONAPPUNINSTALL", "ONAPPINSTALL", "ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPTEST", "ONAPPMETHODCONFIRM")


async def events(call: Call) -> list[str]:
    _application(call)
    return list(EVENTS)


async def event_bind(call: Call) -> bool:
    """A bind by someone who is no administrator is that user's own and doubles the event."""
    application = _application(call)
    params = php.upper_keys(call.params)
    name = php.text(params.get("EVENT")).upper()
    handler = php.text(params.get("HANDLER"))
    user_id = php.integer(params.get("AUTH_TYPE"))
    if user_id > 0:
        if not call.user.admin and user_id != call.user.id:
            raise AccessDeniedError("Event binding with AUTH_TYPE requires administrator access rights")
    elif not call.user.admin:
        user_id = call.user.id
    if not name:
        raise _missing("EVENT")
    if not handler:
        raise _missing("HANDLER")
    check_handler(handler)
    if name not in EVENTS:
        raise RestError("Event not found", "ERROR_EVENT_NOT_FOUND")
    key = (name, handler, user_id)
    if any((one.event, one.handler, one.user_id) == key for one in application.handlers):
        raise RestError("Unable to set event handler: Handler already binded", "ERROR_CORE")
    application.handlers.append(EventHandler(call.portal.next_number(), name, handler, user_id))
    return True


async def event_unbind(call: Call) -> dict[str, int]:
    application = _application(call)
    params = php.upper_keys(call.params)
    name = php.text(params.get("EVENT")).upper()
    handler = php.text(params.get("HANDLER"))
    if not name:
        raise _missing("EVENT")
    if not handler:
        raise _missing("HANDLER")
    user_id: int | None = None
    if params.get("AUTH_TYPE") is not None:
        user_id = php.integer(params["AUTH_TYPE"])
        if not call.user.admin:
            raise AccessDeniedError("Event unbinding with AUTH_TYPE requires administrator access rights")
    elif not call.user.admin:
        user_id = call.user.id
    kept = [
        one
        for one in application.handlers
        if (one.event, one.handler) != (name, handler) or user_id not in (None, one.user_id)
    ]
    count = len(application.handlers) - len(kept)
    application.handlers = kept
    return {"count": count}


async def event_get(call: Call) -> list[dict[str, Any]]:
    application = _application(call)
    return [
        {"event": one.event, "handler": one.handler, "auth_type": str(one.user_id), "offline": 0}
        for one in application.handlers
        if call.user.admin or one.user_id == call.user.id
    ]


def check_handler(url: str) -> None:
    """``HandlerHelper::checkCallback``: a host with a dot in it, http or https. Raises :class:`RestError`."""
    parts = urlsplit(url)
    if "." not in (parts.hostname or "")[1:]:
        raise RestError("Wrong handler URL", "ERROR_WRONG_HANDLER_URL")
    if parts.scheme not in {"http", "https"}:
        raise RestError("Unsupported handler protocol", "ERROR_UNSUPPORTED_PROTOCOL")


def _application(call: Call) -> Application:
    if call.caller.application is None:
        raise WrongAuthTypeError
    return call.caller.application


def _missing(name: str) -> RestError:
    return RestError(f"Argument '{name}' is null or empty", "ERROR_ARGUMENT", 400, argument=name)


METHODS = (
    Method("events", "", events),
    Method("event.bind", "", event_bind),
    Method("event.unbind", "", event_unbind),
    Method("event.get", "", event_get),
)
