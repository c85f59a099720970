"""Many requests behind one person's back: the share of jobs, and a request a second where jobs use it up."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.bitrix import limits
from bxapp.bitrix.limits.bucket import RESERVE
from bxapp.portals.limits import ReadingGate, bucket_of
from bxapp.portals.models import Portal
from tests.limits import forget_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal() -> Iterator[Portal]:
    forget_limits()
    now = timezone.now()
    yield Portal.objects.create(
        member_id="reading",
        domain="reading.bitrix24.com",
        client_endpoint="https://reading.bitrix24.com/rest/",
        installed_at=now,
        confirmed_at=now,
    )
    forget_limits()


def test_it_leaves_the_screens_reserve_alone(portal: Portal) -> None:
    gate = ReadingGate(portal)
    begun = monotonic()
    for _ in range(limits.STANDARD.capacity - RESERVE):
        gate.enter(1)

    assert monotonic() - begun < 1
    assert bucket_of(portal).take(1, limits.Priority.WORK).granted == 0
    assert bucket_of(portal).take(1, limits.Priority.SCREEN).granted == 1


def test_where_jobs_use_it_up_it_goes_on_all_the_same(portal: Portal) -> None:
    bucket = bucket_of(portal)
    while bucket.take(50, limits.Priority.WORK).granted:
        pass
    gate = ReadingGate(portal)

    begun = monotonic()
    for _ in range(2):
        gate.enter(1)
        # A job takes whatever it gets meanwhile.
        bucket.take(50, limits.Priority.WORK)

    assert monotonic() - begun < 6
