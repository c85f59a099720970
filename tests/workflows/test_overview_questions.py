"""Counts asked as pages of the list: what an answer is worth, and questions for everybody else."""

from __future__ import annotations

from typing import Any

import pytest

from bxapp.bitrix.answers import Answer
from bxapp.bitrix.errors import MethodFailed
from bxapp.workflows.filters import KINDS, Filter
from bxapp.workflows.overview_questions import outside, tally, tally_of
from tests.workflows.test_filter_query import NOW

DEAL = {"ID": "a.1", "MODULE_ID": "crm", "ENTITY": "CCrmDocumentDeal"}
LEAD = {"ID": "a.2", "MODULE_ID": "crm", "ENTITY": "CCrmDocumentLead"}
DEALS = Filter(kinds=frozenset({KINDS["deal"]}))


def test_an_answer_tells_how_many_and_the_first_of_them() -> None:
    found = tally_of(Answer([DEAL], total=384), DEALS, NOW)

    assert found
    assert (found.total, [row.id for row in found.rows], found.is_whole) == (384, ["a.1"], False)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        MethodFailed("", "no"),
        Answer("nonsense", total=3),
        Answer({"error": "maintenance"}),
        Answer([DEAL, None], total=2),
        # A server that ignores the filter lists something else as well.
        Answer([DEAL, LEAD], total=2),
    ],
)
def test_what_does_not_prove_itself_counts_for_nothing(answer: Any) -> None:
    assert tally_of(answer, DEALS, NOW) is None


def test_without_a_total_the_rows_are_counted() -> None:
    found = tally(Answer([DEAL, {"ID": None}]), lambda row: True)

    assert found
    assert (found.total, found.is_whole) == (2, False)


def test_a_short_list_of_others_is_one_question() -> None:
    assert outside("STARTED_BY", {0, 7, 3}) == [{"!STARTED_BY": [0, 3, 7]}]


def test_a_long_one_is_cut_into_ranges_that_leave_nobody_out() -> None:
    known = set(range(0, 1000, 2))

    questions = outside("STARTED_BY", known)

    assert len(questions) == 3

    def asks_for(number: int) -> int:
        return sum(
            number not in one["!STARTED_BY"]
            and number > one.get(">STARTED_BY", -1)
            and number <= one.get("<=STARTED_BY", number)
            for one in questions
        )

    assert [asks_for(number) for number in (1, 399, 401, 997, 5000)] == [1] * 5
    assert [asks_for(number) for number in known] == [0] * len(known)


def test_too_many_cannot_be_left_out() -> None:
    assert outside("STARTED_BY", range(601)) == []
