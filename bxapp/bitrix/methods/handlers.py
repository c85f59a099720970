"""Event handlers of this application in a portal (documentation "event.bind", ``rest/lib/api/event.php``).

To be done with an administrator's token: a handler that another user binds belongs to that user, and
events then come twice.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bxapp.bitrix.answers import Answer, rows
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import BitrixError, MethodFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bxapp.bitrix.client import Client

_ALREADY_BOUND = "already bind"


def bind_events(
    client: Client, handler_url: str, events: Sequence[str], *, also: Mapping[str, Command] | None = None
) -> Mapping[str, Answer | BitrixError]:
    """See to it that the portal reports each of ``events`` to ``handler_url``, once.

    One batch; a second one only when handlers of this application at other addresses are left over, which
    are then unbound. ``also`` is what else the first one asks: its answers are returned, by the same keys.
    Raises BitrixError when an event could not be bound; a left-over handler that stays is no error.
    """
    beside = also or {}
    commands = {
        "handlers": Command("event.get"),
        **{
            f"bind{place}": Command("event.bind", {"event": event, "handler": handler_url})
            for place, event in enumerate(events)
        },
    }
    answers = client.batch({**commands, **beside}).answers
    for key in commands:
        if key != "handlers":
            _require_bound(answers[key])
    stale = _stale(answers["handlers"], handler_url, {event.upper() for event in events})
    if stale:
        with suppress(BitrixError):
            client.batch(stale)
    return {key: answers[key] for key in beside}


def _require_bound(answer: Answer | BitrixError) -> None:
    if isinstance(answer, BitrixError):
        # ERROR_CORE has other meanings too: the words tell (``rest/lib/event.php``, not translated).
        if _ALREADY_BOUND in answer.words.lower():
            return
        raise answer
    if answer.result is False:
        # The server answers false when the address is not on the host that the application is registered at.
        raise MethodFailed("", "the portal does not accept the address for events")


def _stale(answer: Answer | BitrixError, handler_url: str, events: set[str]) -> Mapping[str, Command]:
    """Return the commands that unbind these events from other addresses, and from single users."""
    if isinstance(answer, BitrixError):
        return {}
    commands: dict[str, Command] = {}
    for row in rows(answer.result):
        event, handler, user = str(row.get("event")), row.get("handler"), row.get("auth_type")
        if event.upper() not in events or not isinstance(handler, str) or not urlsplit(handler).scheme:
            continue
        of_one_user = str(user or "0") != "0"
        if handler != handler_url or of_one_user:
            params: dict[str, object] = {"event": event, "handler": handler}
            if of_one_user:
                params["auth_type"] = str(user)
            commands[f"unbind{len(commands)}"] = Command("event.unbind", params)
    return dict(list(commands.items())[:LONGEST_BATCH])
