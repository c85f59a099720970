"""A server whose list never ends holds nobody for ever, and no part of such a list is taken for all of it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, cast

import pytest

from bxapp.bitrix.answers import Answer, BatchAnswer
from bxapp.bitrix.errors import MethodFailed, Unheard
from bxapp.bitrix.methods import open_tasks, people, template_lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.bitrix.client import Client, Command


class Endless:
    """Each page is full, and its numbers go on behind those of the page before."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.requests = 0

    def batch(self, commands: Mapping[str, Command]) -> BatchAnswer:
        self.requests += 1
        return BatchAnswer({key: Answer(self._page()) for key in commands})

    def _page(self) -> list[dict[str, object]]:
        row = {"USER_ID": "7", "WORKFLOW_ID": "65e5a449e8f135.21284909", "NAME": "Approval"}
        return [{**row, "ID": str(next(self._numbers))} for _ in range(50)]


def test_templates() -> None:
    portal = Endless()

    with pytest.raises(MethodFailed, match="ENDLESS"):
        template_lists.listed_templates(cast("Client", portal))

    assert portal.requests <= 100


class Broken:
    """Each list is an answer that is no list."""

    def __init__(self, result: object) -> None:
        self._result = result

    def batch(self, commands: Mapping[str, Command]) -> BatchAnswer:
        return BatchAnswer({key: Answer(self._result) for key in commands})


@pytest.mark.parametrize("result", [{"error": "maintenance"}, ["x"], [None], None])
def test_an_answer_that_is_no_list_is_not_the_end_of_one(result: object) -> None:
    """Of a shorter list of templates more workflows would count as those of automation rules."""
    portal = cast("Client", Broken(result))

    with pytest.raises(Unheard):
        template_lists.listed_templates(portal)
    with pytest.raises(Unheard):
        open_tasks.awaited(portal, {7}, 10_000)
    with pytest.raises(Unheard):
        people.starters(portal, {7})


def test_tasks_of_one_workflow() -> None:
    portal = Endless()

    found, is_all = open_tasks.awaited(cast("Client", portal), {7}, 10_000)

    assert (len(found), is_all) == (1, False)
    assert portal.requests <= 400
