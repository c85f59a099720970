"""``im.notify.system.add`` and ``im.notify.personal.add`` (``im_rest.php``, ``notifyAdd``)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bxapp.sandbox import php
from bxapp.sandbox.call import Method
from bxapp.sandbox.failures import RestError
from bxapp.sandbox.world import Notification

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call
    from bxapp.sandbox.php import Value


async def system_add(call: Call) -> int | bool:
    """A notification under the application's name."""
    return _add(call, from_user_id=0)


async def personal_add(call: Call) -> int | bool:
    """A notification from the user who calls."""
    return _add(call, from_user_id=call.user.id)


def _add(call: Call, *, from_user_id: int) -> int | bool:
    """Its number; false for somebody who is not there. One with a known tag takes the place of the first."""
    params = php.upper_keys(call.params)
    user_id = php.integer(params.get("TO", params.get("USER_ID")))
    if user_id <= 0:
        raise RestError("User ID can't be empty", "USER_ID_EMPTY")
    message = _trimmed(params.get("MESSAGE"))
    if not message:
        raise RestError("Message can't be empty", "MESSAGE_EMPTY")
    user = call.portal.users.get(user_id)
    if user is None or not user.active:
        return False
    application = call.caller.application
    tag = _tag(call, params.get("TAG"))
    kept = [one for one in call.portal.notifications if not tag or (one.user_id, one.tag) != (user_id, tag)]
    told = Notification(
        id=call.portal.next_number(),
        user_id=user_id,
        from_user_id=from_user_id,
        title=application.title if application and not from_user_id else "",
        message=message,
        message_out=_trimmed(params.get("MESSAGE_OUT")),
        tag=tag,
        sub_tag=_tag(call, params.get("SUB_TAG")),
        at=datetime.now(UTC),
    )
    call.portal.notifications[:] = [*kept, told]
    return told.id


def _trimmed(value: Value) -> str:
    return value.strip() if isinstance(value, str) else ""


def _tag(call: Call, value: Value) -> str:
    """A tag is the application's own; a webhook has none here."""
    application = call.caller.application
    if application is None or php.is_empty(value):
        return ""
    key = hashlib.md5(application.client_id.encode(), usedforsecurity=False).hexdigest()[:5]
    return f"MP|{key}|{php.text(value)}"


METHODS = (
    Method("im.notify.system.add", "im", system_add),
    Method("im.notify.personal.add", "im", personal_add),
    Method("im.notify", "im", personal_add),
)
