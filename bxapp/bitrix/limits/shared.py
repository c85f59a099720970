"""What all processes share through Redis: one script, one round trip, and no error when it is gone."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis import Redis

_LOG = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent
# After a failure Redis is left alone this long: waiting for it again and again would hold up every request.
PAUSE_SECONDS = 1.0


class Shared:
    """The scripts of this folder on one Redis.

    Give it a client with short time-outs (a quarter second) that does not decode answers.
    """

    def __init__(self, redis: Redis, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._scripts: dict[str, Any] = {}
        self._monotonic = monotonic
        self._silent_until = 0.0

    def run(
        self, name: str, keys: Sequence[str], arguments: Sequence[str | bytes | int | float]
    ) -> list[Any] | None:
        """Return what the script ``<name>.lua`` answers, None when Redis cannot be asked now."""
        if self._monotonic() < self._silent_until:
            return None
        try:
            script = self._scripts.get(name)
            if script is None:
                text = (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")
                script = self._scripts[name] = self._redis.register_script(text)
            answer: list[Any] = script(keys=list(keys), args=list(arguments))
        except (RedisError, OSError) as error:
            _LOG.warning("The shared limits cannot be reached, the local ones are used: %s", error)
            self._silent_until = self._monotonic() + PAUSE_SECONDS
            return None
        return answer


def text(value: str | bytes) -> str:
    """Return a part of a script's answer as text."""
    return value.decode() if isinstance(value, bytes) else value
