"""Permits of a desk: what was counted and not sent does not stay usable for ever."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bxapp.bitrix.errors import OperatingLimited
from bxapp.portals import limits
from bxapp.terminations.engine import blocking
from bxapp.terminations.models import Job
from bxapp.terminations.pace import permits
from bxapp.terminations.pace.permits import Permits

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


@pytest.fixture(autouse=True)
def _redis_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy it is: without it there is another limit."""
    monkeypatch.setattr(limits, "_REDIS_SECONDS", 20.0)
    limits.forget()


def permits_in_standing_time(scene: Scene) -> Permits:
    """Permits whose bucket drains nothing meanwhile, however long a busy machine takes."""
    own = Permits(scene.actor.portal)
    own._bucket._clock = lambda: 1_760_000_000.0
    return own


def test_requests_that_were_given_back_leave_at_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    own = permits_in_standing_time(scene)
    begun = time.monotonic()
    monkeypatch.setattr(permits, "monotonic", lambda: begun)
    assert own.requests(45) == 45
    own.give_back(40)

    assert own.requests(40) == 40


def test_requests_that_were_given_back_are_gone_when_the_bucket_has_drained_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = permits_in_standing_time(scene)
    own.requests(45)
    own.give_back(45)

    # Until the bucket is empty again; its own clock has not gone on.
    later = time.monotonic() + 22.5
    monkeypatch.setattr(permits, "monotonic", lambda: later)

    # None of the 45 of which the bucket would by now allow others.
    assert own.requests(45) <= 2


def test_requests_that_were_given_back_go_no_sooner_than_the_bucket_drains_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = permits_in_standing_time(scene)
    begun = time.monotonic()
    monkeypatch.setattr(permits, "monotonic", lambda: begun)
    own.requests(45)
    own.give_back(45)

    # Asked often: halves of a request that has drained are not counted twice, nor lost.
    for tenths in range(1, 58):
        later = begun + tenths / 10
        monkeypatch.setattr(permits, "monotonic", lambda later=later: later)
        own.allowance()

    assert own.requests(34) == 34
    assert own.requests(5) <= 2


def test_asking_what_is_allowed_costs_one_request_however_often(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Permits(scene.actor.portal)
    begun = time.monotonic()
    left = []
    for seconds in range(5):
        later = begun + 2 * seconds
        monkeypatch.setattr(permits, "monotonic", lambda later=later: later)
        left.append(own.allowance().requests)

    assert left == [45] * 5


def test_a_job_believes_no_moment_that_is_days_ahead() -> None:
    now = datetime.now(UTC)
    error = OperatingLimited(reset_at=now + timedelta(days=3))

    wait = blocking.wait_after(Job(), error, now)

    assert wait.until == now + timedelta(minutes=15)


def test_a_refusal_that_was_noted_tells_the_moment_of_the_budget(scene: Scene) -> None:
    own = Permits(scene.actor.portal)
    now = datetime.now(UTC)
    error = OperatingLimited(reset_at=now + timedelta(days=3))
    own.note_refusals([error])

    assert own.corrected(error) is error
    assert error.reset_at is not None
    assert timedelta(minutes=14) < error.reset_at - now < timedelta(minutes=16)
