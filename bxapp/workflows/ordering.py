"""In which order the list is shown: two columns, two directions, the newest first unless asked otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from bxapp.workflows.filter_query import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.workflows.filters import Filter

Sort = Literal["started", "modified"]


@dataclass(frozen=True, slots=True)
class Ordering:
    """``sort`` names the column, ``descending`` means the newest first."""

    sort: Sort = "started"
    descending: bool = True

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Ordering:
        """Read it from an address; what is not known there means the default."""
        sort = query.get("sort", "")
        return cls(
            sort=cast("Sort", sort) if sort in ("started", "modified") else "started",
            descending=query.get("direction") != "asc",
        )

    @property
    def query(self) -> dict[str, str]:
        """Return what an address needs to ask for this order."""
        return {"sort": self.sort, "direction": "desc" if self.descending else "asc"}

    def column(self, sort: Sort, meant: Filter) -> Column:
        """Return how a column's head stands to this order, in the list with this filter."""
        if sort != self.sort:
            return Column(aria_sort="", url=address(meant, Ordering(sort).query))
        return Column(
            aria_sort="descending" if self.descending else "ascending",
            url=address(meant, Ordering(sort, descending=not self.descending).query),
        )


@dataclass(frozen=True, slots=True)
class Column:
    """``aria_sort`` is empty where the list is not sorted by the column; ``url`` sorts by it, or turns it."""

    aria_sort: str
    url: str
