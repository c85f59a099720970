"""Pages of the ORM's lists: ``total`` and ``next`` with their oddities (``IRestService::setNavData``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bxapp.sandbox.call import PAGE, Listing
from bxapp.sandbox.failures import RestError

if TYPE_CHECKING:
    from bxapp.sandbox.settings import PortalSettings


def offset_of(start: int, settings: PortalSettings) -> int:
    """Where a page begins. ``start=-1`` is an SQL error on servers that do not know it."""
    if start < 0 and not settings.start_without_count:
        raise RestError("SQL query error!", "ERROR_CORE", 500)
    return max(0, start)


def listing(rows: list[dict[str, Any]], start: int, total: int) -> Listing:
    """Beyond the end ``total`` is the offset itself: a short page is counted from its rows alone.

    ``start`` below 0 is not counted: ``total`` 0, and without any row ``next`` is that start.
    """
    if start < 0:
        return Listing(rows, 0, start + len(rows) if start + len(rows) < 0 else None)
    count = start + len(rows) if len(rows) < PAGE else total
    after = start + len(rows)
    return Listing(rows, count, after if after < count else None)
