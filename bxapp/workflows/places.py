"""Where in a filtered list one is: a page by its number, or, where pages cannot be counted, a place to go on.

``page=3`` is a number. ``from=1250-100`` goes on behind 100 rows that were meant, at the 1,250th row of the
portal's list; ``until=1250-100`` shows the page that ends there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.web.paging import page_number

if TYPE_CHECKING:
    from collections.abc import Mapping

_CURSOR = re.compile(r"([0-9]{1,9})-([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """``offset`` in the portal's list, and how many rows before it are meant."""

    offset: int
    count: int
    is_backwards: bool = False

    @property
    def query(self) -> dict[str, str]:
        return {"until" if self.is_backwards else "from": f"{self.offset}-{self.count}"}


@dataclass(frozen=True, slots=True)
class Place:
    """A page's number, and the cursor where there is one."""

    number: int = 1
    cursor: Cursor | None = None

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Place:
        """Read it from an address; what makes no sense means the first page."""
        for name, is_backwards in (("from", False), ("until", True)):
            if found := _CURSOR.fullmatch(query.get(name) or ""):
                return cls(cursor=Cursor(int(found[1]), int(found[2]), is_backwards))
        return cls(page_number(query.get("page")))
