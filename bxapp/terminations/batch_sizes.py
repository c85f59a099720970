"""How many commands each batch gets: short ones where requests are plenty, else the size that ends soonest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.terminations.portal_memory import PortalMemory

LONGEST_BATCH = 50
LONGEST_REQUEST_SECONDS = 20.0
SHORT_REQUEST_SECONDS = 0.4
# What a request costs besides its work (network, connection, our own bookkeeping), at least.
_OVERHEAD_SECONDS = 0.002
_SCOUT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the bucket allows: so many requests now (None: no limit), and a further one every so often.

    ``wait_seconds``: when there are none, how long until the next.
    """

    requests: int | None = None
    per_second: float = 0.0
    wait_seconds: float | None = None


def planned_sizes(
    remaining: int,
    free: int,
    allowance: Allowance,
    learned: PortalMemory,
    *,
    expected_width: int,
    with_scout: bool,
) -> tuple[int, ...]:
    """Return the sizes of the batches that fill the ``free`` places, in the order of sending."""
    slots = free if allowance.requests is None else min(free, allowance.requests)
    each = learned.seconds_per_command
    if each is None:
        # Two commands tell their duration in the shortest time, a single one spends the least of a bucket.
        size = 2 if allowance.requests is None else 1
    else:
        size = _size(remaining, allowance, learned, each, expected_width)
    requests = min(slots, -(-remaining // size))
    sizes = even_shares(min(remaining, requests * size), requests)
    if with_scout and each is not None and requests == free and allowance.requests is not None:
        sizes[-1] = min(sizes[-1], scout_size(each))
    return tuple(sizes)


def even_shares(total: int, parts: int) -> list[int]:
    """Return ``parts`` numbers that differ by one at most and make ``total``."""
    return [total // parts + (place < total % parts) for place in range(parts)]


def scout_size(each: float) -> int:
    """Return the size of a scout: short, but two commands where that is not long, for their stamps."""
    return max(1 if each > 0.3 else 2, min(5, round(_SCOUT_SECONDS / max(each, 0.001))))


def _size(remaining: int, allowance: Allowance, learned: PortalMemory, each: float, width: int) -> int:
    most_each = max(learned.most_seconds_per_command or each, 0.0001)
    longest = max(1, min(LONGEST_BATCH, int(LONGEST_REQUEST_SECONDS / most_each)))
    short = max(1, min(longest, round(SHORT_REQUEST_SECONDS / max(each, 0.0001))))
    if allowance.requests is None or -(-remaining // short) <= allowance.requests // 2:
        return short
    overhead = _OVERHEAD_SECONDS + (learned.baseline_seconds or 0.0)
    ends = {
        size: _ends_after(remaining, size, allowance, size * each + overhead, width)
        for size in range(1, longest + 1)
    }
    soonest = min(ends.values())
    # The largest of those that are as good: it leaves requests over for others.
    return max(size for size, end in ends.items() if end <= max(soonest * 1.02, soonest + 0.06))


def _ends_after(remaining: int, size: int, allowance: Allowance, request: float, width: int) -> float:
    requests = -(-remaining // size)
    at_once = allowance.requests or 0
    by_bucket = max(0, requests - at_once) / allowance.per_second if allowance.per_second else 0.0
    by_width = (requests - 1) // width * request
    return max(by_bucket, by_width) + request
