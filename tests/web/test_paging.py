"""Which pages a list links."""

from __future__ import annotations

import pytest

from bxapp.web.paging import Pager, page_number


def _shown(pager: Pager) -> str:
    return " ".join(
        "…" if link.is_gap else f"[{link.number}]" if link.is_current else str(link.number)
        for link in pager.links
    )


@pytest.mark.parametrize(
    ("page", "total", "shown"),
    [
        (1, 0, "[1]"),
        (1, 50, "[1]"),
        (1, 51, "[1] 2"),
        (1, 1284, "[1] 2 3 … 26"),
        (4, 1284, "1 2 3 [4] 5 6 … 26"),
        (5, 1284, "1 2 3 4 [5] 6 7 … 26"),
        (13, 1284, "1 … 11 12 [13] 14 15 … 26"),
        (23, 1284, "1 … 21 22 [23] 24 25 26"),
        (26, 1284, "1 … 24 25 [26]"),
    ],
)
def test_first_last_and_neighbours(page: int, total: int, shown: str) -> None:
    assert _shown(Pager(page, 50, total)) == shown


def test_every_page_is_reachable_and_keeps_the_query() -> None:
    pager = Pager(2, 50, 120, {"sort": "started"}, "/workflows/")

    assert pager.previous_url == "/workflows/?sort=started&page=1"
    assert pager.next_url == "/workflows/?sort=started&page=3"
    assert (pager.first, pager.last) == (51, 100)
    assert Pager(3, 50, 120).last == 120
    assert Pager(3, 50, 120).next_url == Pager(1, 50, 120).previous_url == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("26", 26),
        (None, 1),
        ("", 1),
        ("0", 1),
        ("-1", 1),
        ("x", 1),
        ("1e3", 1),
        ("９", 1),
        ("9" * 8, 1),
    ],
)
def test_what_is_no_page_is_the_first(text: str | None, number: int) -> None:
    assert page_number(text) == number
