"""Templates of the portal to choose from, by a part of their name, with those that are protected already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.bitrix.methods.template_search import templates_named
from bxapp.portals import grants
from bxapp.workflows import names, protected

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor


@dataclass(frozen=True, slots=True)
class Choice:
    template_id: int
    name: str
    is_protected: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """``unshown``: how many more the portal has, which a longer part of the name would find."""

    listed: list[Choice]
    unshown: int


def search(actor: Actor, part: str) -> Choices:
    """Ask the portal for templates named so; their names are kept, for what is protected afterwards.

    Raises BitrixError.
    """
    found = templates_named(grants.client_for(actor.grant), part)
    told = names.templates(actor.portal, found.names.keys(), found.names)
    already = protected.numbers(actor.portal)
    listed = [
        Choice(number, name, number in already)
        for number, name in sorted(told.items(), key=lambda one: (one[1].casefold(), one[0]))
    ]
    return Choices(listed, max(0, found.total - len(found.names)))
