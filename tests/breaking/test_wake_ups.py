"""What starts the work: a message at once, and the sweep where no message arrives."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
import redis

from deploy.stack import SandboxOptions
from tests.database import select
from tests.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.stack import Stack
    from tests.stack import Start

pytestmark = [pytest.mark.breaking, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    return start_stack(sandbox=SandboxOptions(workflows=20))


@pytest.fixture
def visitor(stack: Stack) -> Iterator[Visitor]:
    visitor = Visitor(stack)
    visitor.install()
    visitor.open()
    yield visitor
    for name in ("worker", "beat"):
        if not stack.processes[name].is_alive:
            stack.restart(name)
    visitor.control.change_settings(terminate_seconds=0.0)


def finished_within(stack: Stack, job_id: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if select(stack, f"SELECT state FROM terminations_job WHERE id = {job_id}") == [("finished",)]:  # noqa: S608
            return True
        time.sleep(0.1)
    return False


def test_a_message_starts_the_work(stack: Stack, visitor: Visitor) -> None:
    """Nothing sweeps here, so it is the message of the confirmation that does it."""
    stack.processes["beat"].stop()

    job_id = visitor.terminate(visitor.rows(visitor.control.add_workflows(3)), "By message")

    assert finished_within(stack, job_id, 20)


def test_the_sweep_finds_what_no_message_told(stack: Stack, visitor: Visitor) -> None:
    """The message is lost before a worker could take it."""
    stack.processes["worker"].stop()
    job_id = visitor.terminate(visitor.rows(visitor.control.add_workflows(3)), "By sweep")
    with redis.Redis.from_url(stack.redis_url) as client:
        client.flushall()
    stack.restart("worker")

    assert finished_within(stack, job_id, 40)


def test_a_worker_outlives_a_restart_of_redis(stack: Stack, visitor: Visitor) -> None:
    """It holds a message for later when Redis goes, and must take the next ones all the same."""
    executing = visitor.control.add_workflows(2, behaviour="executing", seconds=8)
    waiting = visitor.terminate(visitor.rows(executing), "Once it is idle")
    time.sleep(2)
    stack.processes["redis"].kill()
    time.sleep(1)
    stack.restart("redis")

    job_id = visitor.terminate(visitor.rows(visitor.control.add_workflows(3)), "After the restart")

    assert finished_within(stack, job_id, 40)
    assert finished_within(stack, waiting, 60)
    assert stack.processes["worker"].is_alive


def test_a_redis_that_hangs_holds_up_neither_a_page_nor_the_work(stack: Stack, visitor: Visitor) -> None:
    """It takes connections and answers nothing."""
    visitor.control.change_settings(terminate_seconds=0.1)
    at_work = visitor.terminate(visitor.rows(visitor.control.add_workflows(60)), "At work when it hangs")
    rows = visitor.rows(visitor.control.add_workflows(3))
    redis_id, hung_at = stack.processes["redis"].id, time.monotonic()
    os.kill(redis_id, signal.SIGSTOP)
    try:
        meanwhile = visitor.terminate(rows, "Confirmed while it hangs")
        assert time.monotonic() - hung_at < 30
        time.sleep(3)
    finally:
        os.kill(redis_id, signal.SIGCONT)

    assert finished_within(stack, at_work, 30)
    assert finished_within(stack, meanwhile, 30)
    assert stack.processes["worker"].is_alive
