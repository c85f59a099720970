"""People of a portal by a part of their name: those who start workflows, and those for whom they wait.

The portal has no search that needs no further permission. Everybody who started something that runs, or for
whom an open task waits, can be had by number with a request or two (``resolving``); the names are kept, and
the search goes on among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.bitrix.errors import MethodFailed, OurMistake, TryLater, Unheard
from bxapp.portals import grants
from bxapp.workflows import resolving
from bxapp.workflows.models import PersonName

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor

SHOWN = 20
# More than any portal has that Bitrix24 sells; it bounds the memory.
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class FoundPerson:
    user_id: int
    name: str
    is_dismissed: bool


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """``unshown``: how many more there are. ``is_fresh`` is false where the portal could not be asked."""

    people: list[FoundPerson]
    unshown: int
    is_fresh: bool = True


def search(actor: Actor, role: str, part: str) -> FoundPeople:
    """Return people whose name contains every word of ``part``, in any case; by name, the first ones.

    Without ``part`` the portal is asked for those of the role ("by" or "waits") first.
    """
    is_fresh = bool(part) or _ask(actor, role)
    words = part.casefold().split()
    rows = PersonName.objects.filter(portal=actor.portal).values_list("user_id", "name", "is_active")[:_MOST]
    # Databases differ in what they hold for the same letter in another case.
    found = [
        FoundPerson(user_id, name, not is_active)
        for user_id, name, is_active in rows
        if name and all(word in name.casefold() for word in words)
    ]
    found.sort(key=lambda person: (person.name.casefold(), person.user_id))
    return FoundPeople(found[:SHOWN], max(0, len(found) - SHOWN), is_fresh)


def _ask(actor: Actor, role: str) -> bool:
    ask = resolving.participants if role == "waits" else resolving.starters
    try:
        ask(grants.client_for(actor.grant), actor.portal)
    except (TryLater, Unheard, MethodFailed, OurMistake):
        return False
    return True
