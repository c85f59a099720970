"""Somebody between Redis and the workers, who takes messages: some are lost, the others come twice."""

from __future__ import annotations

import random
import threading

import redis


class Thief(threading.Thread):
    """Takes what it gets of Celery's queues until :meth:`end`; workers take the rest.

    ``lost``: the share of the taken messages that nobody sees again; every other one is put back twice.
    """

    def __init__(self, redis_url: str, *, lost: float, seed: int) -> None:
        super().__init__(daemon=True)
        self._url = redis_url
        self._lost = lost
        self._chance = random.Random(seed)  # noqa: S311  (repeatable on purpose)
        self._ended = threading.Event()
        self._counts = {"lost": 0, "doubled": 0}

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                with redis.Redis.from_url(self._url, socket_timeout=3, decode_responses=True) as server:
                    self._rob(server)
            except redis.RedisError:
                self._ended.wait(0.2)

    def end(self) -> str:
        """Stop, and return what was done."""
        self._ended.set()
        self.join()
        return ", ".join(f"{number} {what}" for what, number in self._counts.items())

    def _rob(self, server: redis.Redis) -> None:
        while not self._ended.is_set():
            # kombu adds messages on the left of a list with the queue's name, workers take them on the right.
            taken = server.brpop(self._queues(server), timeout=1)
            if taken is None:
                continue
            queue, message = taken
            if self._chance.random() < self._lost:
                self._counts["lost"] += 1
            else:
                self._counts["doubled"] += 1
                server.rpush(queue, message, message)
                # Otherwise the same pair is taken again at once.
                self._ended.wait(0.1)

    def _queues(self, server: redis.Redis) -> list[str]:
        queues = {"celery"}
        for key in server.scan_iter("_kombu.binding.*"):
            # Routing key, pattern and queue, with a separator of kombu's own between them.
            queues |= {str(member).split("\x06\x16")[-1] for member in server.smembers(key)}
        return sorted(queues - {""})
