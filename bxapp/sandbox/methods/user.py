"""``user.get`` and ``user.current`` with the fields of ``user_brief`` (page ``user-get``)."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

from bxapp.sandbox import php
from bxapp.sandbox.call import PAGE, Listing, Method

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.sandbox.call import Call
    from bxapp.sandbox.php import Value
    from bxapp.sandbox.world import User

_KEY = re.compile(r"([^A-Za-z]*)(\w+)")
_ORDERING: dict[str, Callable[[int, int], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


async def user_get(call: Call) -> Listing:
    """Accounts of people, dismissed ones included; never bots and system users."""
    params = php.upper_keys(call.params)
    rules = params["FILTER"] if php.is_array(params.get("FILTER")) else dict(call.params)
    found = [user for user in call.portal.users.values() if not user.bot and _meets(user, rules)]
    found.sort(key=lambda user: user.id, reverse=php.text(params.get("ORDER")).upper() == "DESC")
    if call.start < 0:
        return Listing([_told(user) for user in found[:PAGE]], 0)
    page = found[call.start : call.start + PAGE]
    after = call.start + len(page)
    return Listing([_told(user) for user in page], len(found), after if after < len(found) else None)


async def user_current(call: Call) -> dict[str, Any]:
    return _told(call.user)


def _told(user: User) -> dict[str, Any]:
    return {
        "ID": str(user.id),
        "XML_ID": None,
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": "",
        "WORK_POSITION": user.position,
        "TIME_ZONE": user.time_zone,
        "USER_TYPE": "employee",
    }


def _meets(user: User, rules: Value) -> bool:
    for key, value in php.items(rules):
        match = _KEY.fullmatch(key)
        if match is None:
            continue
        sign, name = match.group(1), match.group(2).upper()
        if name == "ID" and not _id_meets(user.id, sign, value):
            return False
        if name == "ACTIVE" and user.active != _flag(value):
            return False
        if name in {"NAME", "LAST_NAME"}:
            have = (user.name if name == "NAME" else user.last_name).casefold()
            wanted = php.text(value).casefold()
            if (wanted not in have) if "%" in sign else (wanted != have):
                return False
    return True


def _id_meets(user_id: int, sign: str, value: Value) -> bool:
    if sign in _ORDERING:
        return _ORDERING[sign](user_id, php.integer(value))
    wanted = (
        {php.integer(one) for _, one in php.items(value)} if php.is_array(value) else {php.integer(value)}
    )
    return (user_id in wanted) is not sign.startswith("!")


def _flag(value: Value) -> bool:
    return value is True or php.text(value).upper() in {"1", "Y", "TRUE"}


METHODS = (
    Method("user.get", "user", user_get, listing=True),
    Method("user.current", "user", user_current),
)
