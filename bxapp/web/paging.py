"""Pages by number: which links a list shows under itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

# How many neighbours of the current page are linked, on each side.
_NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class PageLink:
    """One entry of the pager; a gap stands for the pages left out."""

    number: int
    url: str
    is_current: bool = False
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Pager:
    """A place in a list: ``page`` counts from 1, ``total`` are entries, ``query`` is kept in every link;
    as pairs where a name has several values.

    ``list_path`` is the list's own path. Links must name it: in the portal's frame the page's address stays
    that of the launch.
    """

    page: int
    page_size: int
    total: int
    query: Mapping[str, str] | Sequence[tuple[str, str]] = field(default_factory=dict)
    list_path: str = ""

    @property
    def page_count(self) -> int:
        return max(1, -(-self.total // self.page_size))

    @property
    def first(self) -> int:
        return (self.page - 1) * self.page_size + 1

    @property
    def last(self) -> int:
        return min(self.page * self.page_size, self.total)

    @property
    def first_url(self) -> str:
        return self.url(1)

    @property
    def previous_url(self) -> str:
        return self.url(self.page - 1) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        return self.url(self.page + 1) if self.page < self.page_count else ""

    def url(self, number: int) -> str:
        """Return the address of a page."""
        kept = self.query.items() if isinstance(self.query, Mapping) else self.query
        return f"{self.list_path}?" + urlencode([*kept, ("page", str(number))])

    @property
    def links(self) -> list[PageLink]:
        """Return the first and last page, the current one and its neighbours, with gaps between."""
        wanted = sorted(
            {1, self.page_count}
            | {
                number
                for number in range(self.page - _NEIGHBOURS, self.page + _NEIGHBOURS + 1)
                if 1 <= number <= self.page_count
            }
        )
        links: list[PageLink] = []
        for number in wanted:
            missing = number - links[-1].number - 1 if links else 0
            if missing == 1:
                links.append(PageLink(number - 1, self.url(number - 1)))
            elif missing:
                links.append(PageLink(number - 1, "", is_gap=True))
            links.append(PageLink(number, self.url(number), is_current=number == self.page))
        return links


def page_number(text: str | None) -> int:
    """Return the page a query asks for; what is no positive number means the first page."""
    if text and text.isascii() and text.isdigit() and len(text) <= 7:
        return max(1, int(text))
    return 1
