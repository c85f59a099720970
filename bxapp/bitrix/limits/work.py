"""How long the commands of a request took, read from their ``finish`` stamps.

Newer servers give ``start`` in whole seconds and a ``duration`` up to a second too long; ``finish`` is exact
everywhere (``CRestServer::appendDebugInfo``). The commands of a batch run one after the other, so the
difference between two stamps is the time of the later command; that of the first one has to be estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Work:
    """The work of a request in ``seconds``, and the ``durations`` of its commands after the first."""

    seconds: float
    durations: tuple[float, ...]


def work_of(finishes: Sequence[float]) -> Work | None:
    """Return the work of a request from its stamps (Unix seconds, in order); None when fewer than two.

    The first command is taken to be as long as the others on average.
    """
    if len(finishes) < 2:
        return None
    seconds = max(0.0, finishes[-1] - finishes[0]) * len(finishes) / (len(finishes) - 1)
    return Work(seconds, tuple(max(0.0, later - sooner) for sooner, later in pairwise(finishes)))
