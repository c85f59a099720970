"""Filters that administrators saved: the words of an address, read anew and strictly at each use.

So "older than 30 days" stays relative, and a filter that a later version no longer understands is told as
such instead of meaning something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from bxapp.audit.models import AuditEntry
from bxapp.workflows import filter_query
from bxapp.workflows.models import SavedFilter
from bxapp.workflows.saved import NameProblemError, Shelf

if TYPE_CHECKING:
    from bxapp.portals.models import Portal
    from bxapp.portals.sessions import Actor

# Two hundred values of each name fit well.
_LONGEST_QUERY_CHARACTERS = 30_000

SHELF = Shelf(
    SavedFilter,
    created=AuditEntry.Kind.FILTER_SAVED,
    changed=AuditEntry.Kind.FILTER_CHANGED,
    deleted=AuditEntry.Kind.FILTER_DELETED,
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A saved filter as a link; ``url`` is empty where this version does not understand it any more."""

    saved: SavedFilter
    url: str
    is_current: bool


def offered(portal: Portal, current_query: str = "") -> list[Offered]:
    """Return the portal's filters by name; the one that ``current_query`` means too is marked."""
    current = _canonical(current_query)
    return [_offer(saved, current) for saved in SHELF.all_of(portal)]


def save(actor: Actor, name: str, query: str) -> SavedFilter:
    """Save what a query means under a name. Raises NameProblemError, and Refusal NOT_INSTALLED."""
    if len(query) > _LONGEST_QUERY_CHARACTERS:
        # Cut anywhere it would mean something else.
        raise NameProblemError(_("This filter is too long to be saved. Remove some of its values."))
    canonical = _canonical(query)
    if canonical is None:
        raise NameProblemError(_("This filter could not be understood, so it cannot be saved."))
    if not canonical:
        raise NameProblemError(_("Nothing is filtered, so there is nothing to save."))
    return SHELF.create(actor, name, canonical)


def _offer(saved: SavedFilter, current: str | None) -> Offered:
    canonical = _canonical(saved.content)
    if not canonical:
        return Offered(saved, "", False)
    return Offered(saved, f"{filter_query.LIST_PATH}?{canonical}", canonical == current)


def _canonical(query: str) -> str | None:
    """Return a query in its one form; empty when it filters nothing, None when it makes no sense."""
    parsed = filter_query.parse(query)
    if parsed.problems or parsed.filter.is_impossible:
        return None
    return urlencode(filter_query.pairs(parsed.filter))
