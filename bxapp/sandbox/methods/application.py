"""``profile``, ``app.info``, ``scope``, ``methods``, ``method.get``, ``server.time``, options.

Source: ``rest/classes/general/rest_provider.php``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bxapp.sandbox import dates, php
from bxapp.sandbox.call import Method
from bxapp.sandbox.failures import AccessDeniedError
from bxapp.sandbox.identity import allows
from bxapp.sandbox.settings import Edition

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call

KNOWN: dict[str, Method] = {}
"""All methods by name, filled in by the register."""


async def profile(call: Call) -> dict[str, Any]:
    """Who the token belongs to; needs no scope."""
    user = call.user
    return {
        "ID": str(user.id),
        "ADMIN": user.admin,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": "",
        "TIME_ZONE": user.time_zone,
    }


async def app_info(call: Call) -> dict[str, Any]:
    """About the application; a webhook learns its scope and the licence only."""
    settings = call.portal.settings
    cloud = settings.edition is Edition.CLOUD
    licence = f"{settings.language}_{settings.license_family}" if cloud else f"{settings.language}_selfhosted"
    application = call.caller.application
    if application is None:
        return {"SCOPE": list(call.caller.scope), "LICENSE": licence}
    info: dict[str, Any] = {
        "ID": application.id,
        "CODE": application.client_id,
        "VERSION": application.version,
        "STATUS": settings.application_status,
        "INSTALLED": application.installed,
        "PAYMENT_EXPIRED": "Y" if settings.payment_expired else "N",
        "DAYS": None,
        "LANGUAGE_ID": settings.language,
        "LICENSE": licence,
    }
    if cloud:
        info["LICENSE_TYPE"] = settings.license_family
        info["LICENSE_FAMILY"] = settings.license_family
    return info


async def scope(call: Call) -> list[str]:
    params = php.upper_keys(call.params)
    if php.is_true(params.get("FULL")):
        return sorted({method.scope for method in KNOWN.values() if method.scope})
    return list(call.caller.scope)


async def methods(call: Call) -> list[str]:
    params = php.upper_keys(call.params)
    wanted = php.text(params.get("SCOPE"))
    return [
        name
        for name, method in KNOWN.items()
        if (method.scope == wanted if wanted else allows(call.caller.scope, method.scope))
    ]


async def method_get(call: Call) -> dict[str, bool]:
    """Whether a method exists, and whether this caller's scope covers it."""
    method = KNOWN.get(php.text(call.params.get("name")))
    missing = method is None or (method.scope == "bizproc" and not call.portal.settings.workflows_available)
    if method is None or missing:
        return {"isExisting": False, "isAvailable": False}
    return {"isExisting": True, "isAvailable": allows(call.caller.scope, method.scope)}


async def server_time(call: Call) -> str:
    return dates.tell(datetime.now(UTC), call.portal.settings.server_zone_minutes) or ""


async def app_option_get(call: Call) -> object:
    if call.caller.application is None:
        raise AccessDeniedError("Application context required")
    options = call.caller.application.options
    name = php.text(php.upper_keys(call.params).get("OPTION"))
    return options.get(name, "") if name else php.array(dict(options))


async def app_option_set(call: Call) -> bool:
    """Values that outlive a session; administrators only."""
    if call.caller.application is None:
        raise AccessDeniedError("Application context required")
    call.require_admin()
    options = php.items(php.upper_keys(call.params).get("OPTIONS"))
    call.caller.application.options.update({name: php.text(value) for name, value in options})
    return True


METHODS = (
    Method("profile", "", profile),
    Method("app.info", "", app_info),
    Method("scope", "", scope),
    Method("methods", "", methods),
    Method("method.get", "", method_get),
    Method("server.time", "", server_time),
    Method("app.option.get", "", app_option_get),
    Method("app.option.set", "", app_option_set),
)
