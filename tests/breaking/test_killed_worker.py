"""A job of 500, connections cut after the work, workers killed, Redis lost: every item ends once.

What came of each workflow is compared with the portal's own record.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import redis

from deploy.stack import SandboxOptions
from tests.breaking.murder import Victim, kill_worker, leaves_nobody
from tests.database import select
from tests.visitor import Visitor

if TYPE_CHECKING:
    from deploy.stack import Stack
    from tests.stack import Start

pytestmark = [pytest.mark.breaking, pytest.mark.timeout(900)]

MESSAGE = "Stopped by an administrator who lost some workers"
# 500 in all, most of them ordinary.
KINDS = {
    "normal": 449,
    "hung": 20,
    "executing": 8,
    "slow": 4,
    "halfway": 4,
    "title_refused": 3,
    "corrupt": 2,
}
ENDED_BEFORE = 10
DONE = "SELECT count(*) FROM terminations_item WHERE state = 'done'"
FINISHED = "SELECT count(*) FROM terminations_job WHERE state = 'finished'"


def stack_with_500(start_stack: Start) -> tuple[Stack, Visitor, list[str]]:
    """A product with an installed portal; 500 workflows to stop, and 150 others that nobody may touch."""
    # Slow enough, and served two requests at a time, that most of the job is still to do at each murder.
    settings = {"terminate_seconds": 0.1, "slow_terminate_seconds": 0.5, "max_parallel": 2}
    stack = start_stack(
        sandbox=SandboxOptions(workflows=150, settings=settings), variables={"TAKEOVER_SECONDS": "5,2"}
    )
    visitor = Visitor(stack)
    visitor.install()
    visitor.open()
    chosen: list[str] = []
    for behaviour, count in KINDS.items():
        chosen += visitor.control.add_workflows(count, behaviour=behaviour, seconds=5)
    chosen += visitor.control.add_workflows(ENDED_BEFORE)
    return stack, visitor, chosen


def lose_redis(stack: Stack) -> None:
    """Everything in Redis is gone, and Redis itself for a moment."""
    with redis.Redis.from_url(stack.redis_url) as client:
        client.flushall()
    stack.processes["redis"].kill()
    time.sleep(1)
    stack.restart("redis")


def wait_until_work_goes_on(stack: Stack) -> None:
    """The lease of the killed run has to end first (5 s here), then the sweep comes by (2 s)."""
    before, until = select(stack, DONE), time.monotonic() + 60
    while select(stack, DONE) == before and select(stack, FINISHED) == [(0,)]:
        stack.check_alive()
        assert time.monotonic() < until, "nobody went on with the job"
        time.sleep(0.2)


def where_it_stands(stack: Stack) -> str:
    """What is known of the job, of its items and of who works on it."""
    questions = {
        "job": "SELECT state, blocked_reason, portal_words, failures_in_a_row, blocked_at, not_before, "
        "silent_since, calls_refused_since FROM terminations_job",
        "items": "SELECT state, outcome, reason, doubt, batch_limit, min(not_before), max(not_before), "
        "min(sent_at), max(sent_at), count(*) FROM terminations_item GROUP BY 1, 2, 3, 4, 5",
        "turn": "SELECT holder, until, wake_at, CURRENT_TIMESTAMP FROM terminations_turn",
        "requests": "SELECT at, method, status, error, duration_ms FROM journal_journalentry "
        "ORDER BY id DESC LIMIT 40",
    }
    return "\n".join(f"{about}: {select(stack, question)}" for about, question in questions.items())


def wait_until_finished(stack: Stack, seconds: float) -> None:
    until = time.monotonic() + seconds
    while select(stack, FINISHED) != [(1,)]:
        stack.check_alive()
        assert time.monotonic() < until, where_it_stands(stack)
        time.sleep(0.5)


@pytest.mark.parametrize("redis_is_lost", [False, True], ids=["workers killed", "workers killed, Redis lost"])
def test_every_item_ends_once_with_the_right_outcome(start_stack: Start, redis_is_lost: bool) -> None:
    chance = random.Random(20260801 + redis_is_lost)  # noqa: S311  (repeatable on purpose)
    stack, visitor, chosen = stack_with_500(start_stack)
    control = visitor.control
    rows = visitor.rows(chosen)
    for workflow_id in chosen[-ENDED_BEFORE:]:
        control.end_workflow(workflow_id)
    control.add_fault("cut_after", probability=0.05, seed=chance.randrange(1000))
    cut_for_sure = control.add_fault(
        "cut_after", method="bizproc.workflow.terminate", skip=chance.randrange(2, 5), times=1
    )

    visitor.terminate(rows, MESSAGE)
    groups = {stack.processes["worker"].id}
    for victim in chance.sample([*Victim], len(Victim)):
        time.sleep(chance.uniform(0.2, 2.0))
        assert select(stack, FINISHED) == [(0,)], "the job ended before the worker could be killed"
        kill_worker(stack, victim)
        groups.add(stack.processes["worker"].id)
        if redis_is_lost:
            lose_redis(stack)
        wait_until_work_goes_on(stack)
    wait_until_finished(stack, 480)

    assert control.hits_of_fault(cut_for_sure) == 1
    check_items(stack, visitor, chosen)
    check_nothing_else_was_touched(visitor, chosen)
    for group in groups - {stack.processes["worker"].id}:
        assert leaves_nobody(group, 30)


def check_items(stack: Stack, visitor: Visitor, chosen: list[str]) -> None:
    """Every item is done, told once in the audit log, and its outcome is what the portal's record says."""
    items = {
        row[0]: row[1:]
        for row in select(stack, "SELECT workflow_id, state, outcome, reason FROM terminations_item")
    }
    assert set(items) == set(chosen)
    told = select(
        stack, "SELECT workflow_id, outcome, message, actor_id FROM audit_auditentry WHERE kind = 'outcome'"
    )
    assert Counter(row[0] for row in told) == Counter(chosen)
    assert {row[0]: row[1] for row in told} == {one: outcome for one, (_, outcome, _) in items.items()}
    assert {row[2:] for row in told if row[1] == "terminated"} == {(MESSAGE, visitor.user_id)}

    record = visitor.control.workflows(chosen)
    wrong = {
        one: (items[one], record[one])
        for one in chosen
        if items[one][0] != "done" or items[one][1] not in right_outcomes(record[one], items[one][2])
    }
    assert wrong == {}
    stopped = [told for told in record.values() if told["ended_how"] == "terminate"]
    assert {told["ended_by"] for told in stopped} == {visitor.user_id}
    assert {told["title"] for told in stopped if told["behaviour"] != "title_refused"} == {MESSAGE}


def right_outcomes(told: dict[str, object], reason: str) -> set[str]:
    """The outcomes that are true of a workflow by the portal's record.

    ``reason`` is what the application says itself. Where a call's answer was lost, nobody but the portal can
    know whether that call or the workflow itself brought the end; the reason must say so then.
    """
    if told["state"] == "running":
        return {"failed"}
    if told["ended_how"] == "itself":
        return {"already_finished"} | ({"terminated"} if reason == "answer_lost" else set())
    # The portal answered with an error after it had stopped these.
    if told["behaviour"] in {"title_refused", "halfway"}:
        return {"terminated", "already_finished"}
    return {"terminated"}


def check_nothing_else_was_touched(visitor: Visitor, chosen: list[str]) -> None:
    others = {one: told for one, told in visitor.control.workflows().items() if one not in set(chosen)}

    assert len(others) >= 150
    assert {one for one, told in others.items() if told["terminate_calls"]} == set()
    assert {told["ended_how"] for told in others.values()} <= {None, "", "itself"}
