"""What is known of the portals' limits, in this process and in the run's Redis."""

from __future__ import annotations

import os

from redis import Redis

from bxapp.portals import limits


def forget_limits() -> None:
    """Let nothing be known of any portal's limits, as after a long time."""
    flush_limits()
    limits.forget()


def flush_limits() -> None:
    """Let Redis know nothing of any portal's limits; this process still does."""
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        for key in redis.scan_iter("limits:*"):
            redis.delete(key)
