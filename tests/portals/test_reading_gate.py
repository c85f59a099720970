"""Many requests behind one person's back: the share of jobs, and a request a second where jobs use it up."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.bitrix import limits
from bxapp.bitrix.limits.bucket import RESERVE
from bxapp.portals import limits as limits_of_portals
from bxapp.portals.limits import ReadingGate, bucket_of
from bxapp.portals.models import Portal
from tests.limits import forget_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db


@dataclass
class Clock:
    """Time that passes while somebody sleeps, and never while a busy machine works."""

    now: float = 1_760_000_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits_of_portals, "time", SimpleNamespace(monotonic=clock, sleep=clock.sleep))
    return clock


@pytest.fixture
def portal(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    # Waited for, however busy it is: without it there is another limit.
    monkeypatch.setattr(limits_of_portals, "_REDIS_SECONDS", 20.0)
    forget_limits()
    now = timezone.now()
    portal = Portal.objects.create(
        member_id="reading",
        domain="reading.bitrix24.com",
        client_endpoint="https://reading.bitrix24.com/rest/",
        installed_at=now,
        confirmed_at=now,
    )
    bucket_of(portal)._clock = clock
    yield portal
    forget_limits()


def test_it_leaves_the_screens_reserve_alone(portal: Portal, clock: Clock) -> None:
    gate = ReadingGate(portal)
    for _ in range(limits.STANDARD.capacity - RESERVE):
        gate.enter(1)

    assert clock.slept == []
    assert bucket_of(portal).take(1, limits.Priority.WORK).granted == 0
    assert bucket_of(portal).take(1, limits.Priority.SCREEN).granted == 1


def test_where_jobs_use_it_up_it_goes_on_all_the_same(portal: Portal, clock: Clock) -> None:
    bucket = bucket_of(portal)
    while bucket.take(50, limits.Priority.WORK).granted:
        pass
    gate = ReadingGate(portal)

    begun = clock()
    for _ in range(2):
        gate.enter(1)
        # A job takes whatever it gets meanwhile.
        bucket.take(50, limits.Priority.WORK)

    assert clock() - begun < 6
