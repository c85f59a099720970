"""What a request takes besides its work when it does not wait: the network, and the portal's own handling."""

from __future__ import annotations

import math

BLOCK = 8


class Baseline:
    """The smallest mean of a few requests in this run; one run only, roads change.

    A mean, because the work of a single request is partly guessed; the smallest, because a queue only adds.
    It rises by a thousandth with each block: a road that became longer is not taken for a queue for ever.
    """

    def __init__(self) -> None:
        self._block: list[float] = []
        self._noise = 0.0
        self._least: float | None = None
        # Before any stamps told the work: the shortest single call, work included.
        self.shortest_call: float | None = None

    @property
    def seconds(self) -> float:
        if self._least is not None:
            return self._least
        return max(0.0, min(self._block) + self._noise) if self._block else 0.0

    @property
    def doubt_seconds(self) -> float:
        """By how much it may be misjudged, as far as that comes from commands that are not equally long."""
        return self._noise if self._least is None else self._noise / math.sqrt(BLOCK)

    def hear(self, beyond: float, noise: float, seconds_per_command: float) -> None:
        """Take in how much longer than its work a request took, and by how much that may be misjudged."""
        if self.shortest_call is not None:
            self._least = max(0.0, self.shortest_call - seconds_per_command)
            self.shortest_call = None
        self._block.append(beyond)
        self._noise = noise
        if len(self._block) < BLOCK:
            return
        # The smallest of several means is too small by about what a mean is uncertain.
        mean = max(0.0, sum(self._block) / BLOCK + noise / math.sqrt(BLOCK))
        self._least = mean if self._least is None else min(mean, self._least * 1.001)
        self._block.clear()

    def hear_single(self, elapsed: float) -> float:
        """Take in a call whose work nobody knows, and return how much longer than the shortest it took."""
        if self._least is not None or self._block:
            return 0.0
        self.shortest_call = elapsed if self.shortest_call is None else min(self.shortest_call, elapsed)
        return elapsed - self.shortest_call

    def lengthen(self, seconds: float) -> None:
        """The road is longer by this much than it was taken to be."""
        self._least = self.seconds + seconds
        self._block.clear()
