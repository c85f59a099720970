"""What is asked of those who know marks: IDs that can be some, and no more of them than a page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.portals.models import Portal
from bxapp.workflows import row_marks

if TYPE_CHECKING:
    from collections.abc import Collection

    from bxapp.workflows.row_marks import RowMark


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The IDs of which those who know marks are asked."""
    asked: list[str] = []

    def source(portal: Portal, ids: Collection[str]) -> list[RowMark]:
        asked.extend(ids)
        return []

    monkeypatch.setattr(row_marks, "_sources", [source])
    return asked


def test_what_cannot_be_an_id_is_not_asked_for(asked: list[str]) -> None:
    row_marks.of(Portal(), ["a\0b", "", "two words", "x" * 300, "65e5a449e8f135.21284909"])

    assert asked == ["65e5a449e8f135.21284909"]


def test_no_more_are_asked_for_than_a_page_may_show(asked: list[str]) -> None:
    row_marks.of(Portal(), [f"65e5.{number}" for number in range(1000)])

    assert len(asked) == row_marks.MOST_ROWS
