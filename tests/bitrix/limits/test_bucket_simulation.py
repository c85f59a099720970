"""Many processes, any timing, a portal whose drain nobody can see: never a request too many."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bxapp.bitrix.limits import ENTERPRISE, STANDARD, Bucket, Priority, Rate
from tests.bitrix.limits.conftest import Clock
from tests.bitrix.limits.servers import ServerBucket

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

    from tests.bitrix.limits.interruptible import Interruptible

# Thousands of round trips to a real server. A time limit that strikes in the middle of one leaves its answer
# to the next example, which then fails for nothing: the limit is for what hangs.
pytestmark = pytest.mark.timeout(900)

PROCESSES = 3


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), rate=st.sampled_from([STANDARD, ENTERPRISE, Rate(20, 2)]), phase=st.floats(0, 1))
def test_the_portal_never_refuses(
    interruptible: Interruptible, data: DataObject, rate: Rate, phase: float
) -> None:
    portal, clock, server = uuid4().hex, Clock(), ServerBucket(rate.capacity, rate.drain_per_second, phase)
    interruptible.gone = False

    sent: list[float] = []

    def start() -> Bucket:
        return Bucket(
            interruptible,
            portal,
            rate,
            processes=PROCESSES,
            requests_within=lambda seconds: sum(at >= clock() - seconds for at in sent),
            clock=clock,
        )

    def send(bucket: Bucket, count: int, who: Priority) -> None:
        for _ in range(bucket.take(count, who).granted):
            sent.append(clock())
            assert server.admits(clock())

    buckets = [start() for _ in range(PROCESSES)]
    for _ in range(data.draw(st.integers(5, 60), label="steps")):
        number = data.draw(st.integers(0, PROCESSES - 1), label="process")
        match data.draw(st.sampled_from(["work", "work", "screen", "wait", "kill", "flush", "cut"])):
            case "work":
                send(buckets[number], data.draw(st.integers(1, 300)), Priority.WORK)
            case "screen":
                send(buckets[number], data.draw(st.integers(1, 5)), Priority.SCREEN)
            case "wait":
                clock.pass_seconds(data.draw(st.floats(0, 20)))
            case "kill":
                # What it sent while Redis was gone was told; the new process knows nothing.
                if buckets[number]._uncounted:
                    send(buckets[number], 1, Priority.WORK)
                buckets[number] = start()
            case "flush":
                interruptible.forget(portal)
            case "cut":
                interruptible.gone = True
                for _ in range(data.draw(st.integers(1, 20), label="seconds without Redis")):
                    clock.pass_seconds(1)
                    for bucket in buckets:
                        send(bucket, 3, Priority.WORK)
                        send(bucket, 1, Priority.SCREEN)
                interruptible.gone = False


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(holds=st.integers(12, 45), phase=st.floats(0, 1))
def test_a_portal_that_holds_less_than_its_plan_is_learned_from_one_burst(
    interruptible: Interruptible, holds: int, phase: float
) -> None:
    portal, clock, server = uuid4().hex, Clock(), ServerBucket(holds, 2, phase)
    bucket = Bucket(interruptible, portal, STANDARD, clock=clock)
    for _ in range(bucket.take(60).granted):
        if not server.admits(clock()):
            bucket.refused()
    learned_from = server.refused

    for _ in range(400):  # seconds: less than the first try upward comes
        for _ in range(bucket.take(60).granted):
            assert server.admits(clock())
        clock.pass_seconds(1)

    assert learned_from == 45 - holds
    assert server.highest == holds


def test_ten_thousand_in_full_batches_take_no_longer_than_five_percent_above_the_bound(
    interruptible: Interruptible, portal: str
) -> None:
    clock, server = Clock(), ServerBucket(50, 2)
    bucket = Bucket(interruptible, portal, STANDARD, clock=clock)
    begun, left = clock(), 200
    while left:
        grant = bucket.take(left)
        for _ in range(grant.granted):
            assert server.admits(clock())
        left -= grant.granted
        clock.pass_seconds(grant.wait_seconds)

    assert clock() - begun <= 75 * 1.05
