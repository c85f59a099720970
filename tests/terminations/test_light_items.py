"""Items at work are read without the columns that nobody sends: none of these is fetched one by one later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.utils import timezone

from bxapp.terminations.engine import claiming
from bxapp.terminations.states import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.terminations.scene import Scene

# As Django fetches a column that was left out.
_ONE_ITEM = re.compile(r'FROM "terminations_item" WHERE "terminations_item"\."id" = \S+ LIMIT 21')


@pytest.fixture
def fetched() -> Iterator[list[str]]:
    """The statements that read a single item by its key."""
    found: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if _ONE_ITEM.search(sql):
            found.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        yield found


def test_whatever_becomes_of_them(scene: Scene, fetched: list[str]) -> None:
    ids = [*scene.add(30), *scene.add(2, "corrupt"), *scene.add(2, "executing"), *scene.add(1, "php_failure")]
    scene.sandbox.control("POST", "/portals/1/tokens/expire")
    job = scene.finish(scene.queue(ids))

    assert job.terminated >= 30
    assert not fetched


def test_where_a_call_finds_its_token_expired(scene: Scene, fetched: list[str]) -> None:
    ids = scene.add(120)
    # The look is answered, the calls are refused.
    scene.sandbox.fault(
        method="bizproc.workflow.terminate",
        kind="error",
        code="expired_token",
        description="expired",
        status=401,
        times=1,
    )
    job = scene.finish(scene.queue(ids))

    assert [outcome for outcome, _ in scene.items(job)] == [Outcome.TERMINATED] * 120
    assert not fetched


def test_the_watch_sees_what_was_left_out(scene: Scene, fetched: list[str]) -> None:
    job = scene.queue(scene.add(1))
    (item,) = claiming.due_queued(job, timezone.now(), 50)

    assert item.started_by_name == "Greta Lind"
    assert fetched
