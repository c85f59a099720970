"""What a filter needs to know that the rows do not tell, asked of the portal (``filters.Known``).

A filter that names no dismissed people, nobody who is waited for and no origin costs no request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.methods import open_tasks, people, template_lists
from bxapp.workflows import names
from bxapp.workflows.filters import NOTHING_KNOWN, Known
from bxapp.workflows.models import PersonName
from bxapp.workflows.rows import LARGEST_NUMBER

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods.people import Crowd
    from bxapp.portals.models import Portal
    from bxapp.workflows.filters import Filter

# What is looked through while a person waits for the page: four requests' worth of rows.
MOST_AWAITED = 10_000
_MOST_KNOWN = 2000


def resolve(client: Client, portal: Portal, meant: Filter, *, most_awaited: int = MOST_AWAITED) -> Known:
    """Return what is to be known for a filter, at this moment. Raises BitrixError."""
    if not meant.needs_asking or meant.is_impossible:
        return NOTHING_KNOWN
    listed = dismissed = awaited = None
    is_complete = True
    if meant.origin is not None:
        listed = frozenset(template_names(client, portal))
    if meant.started_by_dismissed:
        crowd = starters(client, portal)
        dismissed = crowd.dismissed
        is_complete = crowd.is_complete
    if meant.waits_for or meant.waits_for_dismissed:
        waiting = set(meant.waits_for)
        if meant.waits_for_dismissed:
            crowd = participants(client, portal)
            waiting |= crowd.dismissed & crowd.numbers
            is_complete = is_complete and crowd.is_complete
        found, is_all = open_tasks.awaited(client, waiting, most_awaited)
        awaited = frozenset(found)
        is_complete = is_complete and is_all
    return Known(listed, dismissed, awaited, is_complete)


def starters(client: Client, portal: Portal) -> Crowd:
    """Return who started what runs, and people known before; keeps their names. Raises BitrixError."""
    crowd = people.starters(client, _known(portal))
    _keep(portal, crowd)
    return crowd


def participants(client: Client, portal: Portal) -> Crowd:
    """Return for whom open tasks wait; keeps their names. Raises BitrixError."""
    crowd = open_tasks.participants(client, frozenset())
    _keep(portal, crowd)
    return crowd


def template_names(client: Client, portal: Portal) -> dict[int, str]:
    """Return the templates that the portal lists; keeps their names. Raises BitrixError."""
    found = template_lists.listed_templates(client)
    named = {
        template_id: name for template_id, name in found.items() if name and template_id <= LARGEST_NUMBER
    }
    names.templates(portal, named.keys(), named)
    return found


def _keep(portal: Portal, crowd: Crowd) -> None:
    names.people(portal, {number for number in crowd.numbers if 0 < number <= LARGEST_NUMBER}, crowd.people)


def _known(portal: Portal) -> frozenset[int]:
    rows = PersonName.objects.filter(portal=portal).order_by("-refreshed_at")
    return frozenset(rows.values_list("user_id", flat=True)[:_MOST_KNOWN])
