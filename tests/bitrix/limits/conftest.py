"""A real Redis or Valkey, a portal of the test's own in it, and a clock that the test moves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from redis import Redis

from bxapp.bitrix.limits import Shared
from tests.bitrix.limits.interruptible import Interruptible

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Clock:
    """Unix seconds that pass only when the test says so."""

    now: float = 1_760_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture
def portal() -> str:
    return f"test-{uuid4().hex}"


@pytest.fixture
def shared(redis: Redis) -> Shared:
    return Shared(redis)


@pytest.fixture
def interruptible(redis: Redis) -> Interruptible:
    return Interruptible(redis)
