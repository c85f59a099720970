"""What is being done to the workflows of a page of the list, and what came of it.

Those who stop workflows stand a floor above and are not known here: they tell it through a source that they
register. The list asks once for a page, and again for its marked rows while something of them is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.bitrix.methods.instances import is_usable_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bxapp.portals.models import Portal

# More than a page of the list shows.
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class RowMark:
    """What a row says of its workflow: ``code`` for the style, ``text`` and ``reason`` for people.

    ``is_open``: the outcome is still to come. ``is_over``: it does not run any more, so that it cannot be
    chosen.
    """

    workflow_id: str
    code: str
    text: str
    reason: str = ""
    is_open: bool = False
    is_over: bool = False


if TYPE_CHECKING:
    Source = Callable[[Portal, Collection[str]], list[RowMark]]

_sources: list[Source] = []


def register(source: Source) -> None:
    """Ask ``source`` from now on: it returns the marks of those of the IDs that it knows something of."""
    if source not in _sources:
        _sources.append(source)


def of(portal: Portal, ids: Collection[str]) -> list[RowMark]:
    """Return what is known of these workflows of a portal."""
    # A browser sends them: a NUL, for one, is an error to PostgreSQL.
    wanted = [one for one in dict.fromkeys(ids) if is_usable_id(one)][:MOST_ROWS]
    return [mark for source in _sources for mark in source(portal, wanted)] if wanted else []


def opening(portal: Portal, ids: Collection[str]) -> list[RowMark]:
    """Return the marks of a list that is just being shown: the portal lists them, so only what is open."""
    return [mark for mark in of(portal, ids) if mark.is_open]
