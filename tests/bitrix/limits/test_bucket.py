"""The bucket on a real server: what work gets, what is kept for the screen, what a refusal teaches."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from bxapp.bitrix.limits import ENTERPRISE, STANDARD, Bucket, Priority, Rate, Shared, rate_of
from deploy.ports import choose_free
from tests.bitrix.limits.servers import ServerBucket
from tests.own_valkey import own_valkey

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bitrix.limits.conftest import Clock
    from tests.bitrix.limits.interruptible import Interruptible


@pytest.fixture
def bucket(shared: Shared, portal: str, clock: Clock) -> Bucket:
    return Bucket(shared, portal, STANDARD, clock=clock)


def test_a_burst_of_work_stops_at_the_reserve_of_the_screen(bucket: Bucket) -> None:
    grant = bucket.take(60)

    assert (grant.granted, grant.more) == (45, 0)


def test_after_the_burst_work_goes_at_the_rate_of_the_drain(bucket: Bucket, clock: Clock) -> None:
    bucket.take(45)

    grant = bucket.take()
    assert grant.granted == 0
    assert grant.wait_seconds == pytest.approx(0.5)
    clock.pass_seconds(grant.wait_seconds)
    assert bucket.take().granted == 1
    clock.pass_seconds(10)
    assert bucket.take(60).granted == 20


def test_the_screen_may_use_the_reserve_and_then_waits_half_a_second(bucket: Bucket, clock: Clock) -> None:
    bucket.take(45)

    assert bucket.take(3, Priority.SCREEN).granted == 3
    grant = bucket.take(1, Priority.SCREEN)
    assert grant.granted == 0
    assert grant.wait_seconds == pytest.approx(0.5)
    # What drains meanwhile is the screen's: work is not let in before the reserve is whole again.
    clock.pass_seconds(grant.wait_seconds)
    assert bucket.take().granted == 0
    assert bucket.take(1, Priority.SCREEN).granted == 1


@pytest.mark.parametrize(("rate", "burst"), [(STANDARD, 45), (ENTERPRISE, 242), (Rate(10, 2), 5)])
def test_every_plan_leaves_three_for_the_screen_beside_one_step_of_the_drain(
    shared: Shared, portal: str, clock: Clock, rate: Rate, burst: int
) -> None:
    bucket = Bucket(shared, portal, rate, clock=clock)

    assert bucket.take(1000).granted == burst
    assert bucket.take(1000, Priority.SCREEN).granted == rate.capacity - burst - rate.drain_per_second


def test_a_portal_without_a_limit_is_not_held_back(shared: Shared, portal: str) -> None:
    grant = Bucket(shared, portal, None).take(1000)

    assert (grant.granted, grant.more) == (1000, None)


def test_a_portal_without_a_limit_that_refuses_is_treated_as_the_smallest_plan(
    shared: Shared, portal: str, clock: Clock
) -> None:
    bucket = Bucket(shared, portal, None, clock=clock)

    bucket.refused()

    assert bucket.take(1000).granted == 0
    clock.pass_seconds(60)
    assert 0 < bucket.take(1000).granted < 45


@pytest.mark.parametrize(
    ("family", "on_premise", "rate"),
    [("ent", False, ENTERPRISE), ("pro", False, STANDARD), ("", False, STANDARD), ("ent", True, None)],
)
def test_the_plan_decides_the_rate(family: str, on_premise: bool, rate: Rate | None) -> None:
    assert rate_of(family, on_premise=on_premise) == rate


def test_a_refusal_fills_the_bucket_and_lowers_it_below_what_was_refused(
    bucket: Bucket, clock: Clock
) -> None:
    bucket.take(45)
    for _ in range(10):  # the portal holds 35, not 50
        bucket.refused()

    assert bucket.take().granted == 0
    clock.pass_seconds(120)
    assert bucket.take(100).granted == 35 - 5


def test_the_lesson_outlives_the_process_and_is_forgotten_slowly(
    bucket: Bucket, shared: Shared, portal: str, clock: Clock
) -> None:
    bucket.take(45)
    for _ in range(5):
        bucket.refused()
    clock.pass_seconds(4 * 600 + 1)
    later = Bucket(shared, portal, STANDARD, clock=clock)

    assert later.take(100).granted == 40 + 4 - 5
    clock.pass_seconds(24 * 3600)
    assert later.take(100).granted == 45


def test_refusals_in_a_row_hold_work_longer_each_time_but_not_the_screen(
    bucket: Bucket, clock: Clock
) -> None:
    waits = []
    for _ in range(8):
        bucket.refused()
        waits.append(bucket.take().wait_seconds)
        clock.pass_seconds(60)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert bucket.take(1, Priority.SCREEN).granted == 1


def test_a_flushed_server_does_not_make_the_bucket_empty(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    bucket = Bucket(interruptible, portal, STANDARD, clock=clock)
    bucket.take(45)

    interruptible.forget(portal)

    assert bucket.take(45).granted == 0
    clock.pass_seconds(30)
    assert bucket.take(60).granted == 45


def test_who_was_there_before_the_flush_corrects_who_was_not(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    old = Bucket(interruptible, portal, STANDARD, clock=clock)
    old.take(20)
    interruptible.forget(portal)
    Bucket(interruptible, portal, STANDARD, clock=clock).take(5)

    assert old.take(60).granted == 0


@pytest.mark.parametrize("who_knows", ["the journal", "the items"])
def test_who_is_new_after_a_flush_takes_a_portal_in_use_for_full(
    interruptible: Interruptible, portal: str, clock: Clock, who_knows: str
) -> None:
    Bucket(interruptible, portal, STANDARD, clock=clock).take(45)
    interruptible.forget(portal)
    clock.pass_seconds(1)

    requests, calls = (45, 0) if who_knows == "the journal" else (0, 45)
    new = Bucket(interruptible, portal, STANDARD, requests_within=lambda _: requests, clock=clock)
    grant = new.take(45, calls_within=lambda _: calls)

    assert grant.granted == 0
    clock.pass_seconds(grant.wait_seconds)
    assert new.take(45).granted == 1


def test_after_a_flush_a_screen_that_came_first_spares_no_look_at_what_jobs_sent(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    Bucket(interruptible, portal, STANDARD, clock=clock).take(45, calls_within=lambda _: 0)
    interruptible.forget(portal)
    # Under way: no journal tells of them yet.
    screen, worker = (Bucket(interruptible, portal, STANDARD, clock=clock) for _ in range(2))
    assert screen.take(1, Priority.SCREEN).granted == 1

    assert worker.take(45, calls_within=lambda _: 45).granted == 0


def test_a_portal_that_screens_have_asked_is_looked_at_once_for_what_jobs_sent(
    shared: Shared, portal: str, clock: Clock
) -> None:
    looked: list[float] = []

    def calls_within(seconds: float) -> int:
        looked.append(seconds)
        return 0

    # What the journal tells of them has been counted here.
    screen = Bucket(shared, portal, STANDARD, clock=clock)
    screen.take(8, Priority.SCREEN)
    worker = Bucket(shared, portal, STANDARD, requests_within=lambda _: 8, clock=clock)

    assert worker.take(30, calls_within=calls_within).granted == 30
    assert worker.take(30, calls_within=calls_within).granted == 45 - 38
    assert len(looked) == 1


def test_what_few_calls_of_jobs_were_comes_on_top_of_what_screens_sent(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    Bucket(interruptible, portal, STANDARD, clock=clock).take(4, calls_within=lambda _: 0)
    interruptible.forget(portal)
    screen, worker = (Bucket(interruptible, portal, STANDARD, clock=clock) for _ in range(2))
    screen.take(8, Priority.SCREEN)

    assert worker.take(45, calls_within=lambda _: 4).granted == 45 - 12


def test_a_portal_that_nobody_has_asked_lately_starts_at_once_and_is_looked_for_once(
    shared: Shared, portal: str, clock: Clock
) -> None:
    looked: list[float] = []

    def requests_within(seconds: float) -> int:
        looked.append(seconds)
        return 0

    one, other = (
        Bucket(shared, portal, STANDARD, requests_within=requests_within, clock=clock) for _ in range(2)
    )

    assert one.take(20).granted == 20
    assert other.take(60).granted == 25
    assert looked == [26.0]  # all of 50 drain in 25 s, and a step of the portal's drain


def test_few_requests_of_a_person_who_came_in_count_as_what_they_are(
    shared: Shared, portal: str, clock: Clock
) -> None:
    bucket = Bucket(shared, portal, STANDARD, requests_within=lambda _: 3, clock=clock)

    assert bucket.take(60).granted == 45 - 3


def test_a_portal_without_a_limit_is_not_looked_for(shared: Shared, portal: str) -> None:
    def looked(seconds: float) -> int:
        raise AssertionError(seconds)

    assert Bucket(shared, portal, None, requests_within=looked).take(1000).granted == 1000


def test_scripts_lost_by_a_restart_are_sent_again(redis: Redis, bucket: Bucket) -> None:
    bucket.take()
    redis.script_flush()

    assert bucket.take().granted == 1


def test_without_redis_each_process_takes_its_share_of_half_the_drain(portal: str, clock: Clock) -> None:
    with Redis(port=choose_free(1)[0], socket_connect_timeout=0.2) as nobody:
        bucket = Bucket(Shared(nobody), portal, STANDARD, processes=2, clock=clock)
        granted = 0
        for _ in range(100):
            granted += bucket.take(60).granted
            clock.pass_seconds(0.5)

    assert granted == 25 - 1


def test_without_redis_all_processes_together_keep_the_limit(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    """Three webs of two processes each, where people click and read long lists, and three workers alike."""
    interruptible.gone = True
    server = ServerBucket(50, 2, level=49, drained_to=int(clock()))
    processes = [Bucket(interruptible, portal, STANDARD, processes=6, clock=clock) for _ in range(12)]

    sent = 0
    for _ in range(1200):
        for bucket in processes:
            for who in Priority:
                for _ in range(bucket.take(1, who).granted):
                    assert server.admits(clock())
                    sent += 1
        clock.pass_seconds(0.25)

    assert sent > 2 * 300 * 0.9


def test_a_server_that_hangs_holds_nobody_up_twice(tmp_path: Path, portal: str) -> None:
    with own_valkey(tmp_path) as (server, address), Redis.from_url(address, socket_timeout=0.2) as client:
        bucket = Bucket(Shared(client), portal, STANDARD)
        bucket.take()
        os.kill(server.id, signal.SIGSTOP)
        begun = time.monotonic()
        for _ in range(20):
            bucket.take()
        elapsed = time.monotonic() - begun

    # Who waits each time needs four seconds; a machine that stands still may make it a second time.
    assert elapsed < 3.5


def _take_many(portal: str) -> int:
    with Redis.from_url(os.environ["REDIS_URL"]) as client:
        bucket = Bucket(Shared(client), portal, Rate(50, 2))
        return sum(bucket.take().granted for _ in range(40))


def test_processes_together_get_no_more_than_one_would(portal: str) -> None:
    begun = time.monotonic()
    with get_context("spawn").Pool(3) as pool:
        granted = sum(pool.map(_take_many, [portal] * 3))
    elapsed = time.monotonic() - begun

    assert 45 <= granted <= 45 + 2 * elapsed
