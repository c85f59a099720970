"""What is asked of those who know marks: IDs that can be some, and no more of them than a page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.portals.models import Portal
from bxapp.workflows import row_marks

if TYPE_CHECKING:
    from collections.abc import Collection

    import pytest

    from bxapp.workflows.row_marks import RowMark


def test_what_cannot_be_an_id_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def source(portal: Portal, ids: Collection[str]) -> list[RowMark]:
        asked.extend(ids)
        return []

    monkeypatch.setattr(row_marks, "_sources", [source])

    row_marks.of(Portal(), ["a\0b", "", "two words", "x" * 300, "65e5a449e8f135.21284909"])

    assert asked == ["65e5a449e8f135.21284909"]


def test_no_more_are_asked_for_than_a_page_may_show(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(row_marks, "_sources", [lambda portal, ids: asked.extend(ids) or []])

    row_marks.of(Portal(), [f"65e5.{number}" for number in range(1000)])

    assert len(asked) == row_marks.MOST_ROWS
