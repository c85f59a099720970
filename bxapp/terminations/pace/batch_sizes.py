"""How many commands each batch gets: few where requests are plenty, else the size that ends soonest."""

from __future__ import annotations

from dataclasses import dataclass

from bxapp.bitrix.client import LONGEST_BATCH

LONGEST_REQUEST_SECONDS = 20.0
SHORT_REQUEST_SECONDS = 0.4
# What a request costs besides its work (network, connection, our own bookkeeping), at least.
_OVERHEAD_SECONDS = 0.002
_SCOUT_SECONDS = 0.1
_LARGEST_SCOUT = 20


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
    each: float | None,
    *,
    most_each: float | None,
    overhead: float,
    expected_width: int,
) -> tuple[int, ...]:
    """Return the sizes of the batches that fill the ``free`` places, in the order of sending.

    ``each``: seconds of a command, None when unknown, ``most_each`` at most; ``overhead``: what a request
    takes besides. ``expected_width``: how many requests will be under way for the rest of the job.
    """
    slots = free if allowance.requests is None else min(free, allowance.requests)
    if each is None:
        # Two commands tell their duration in the shortest time, a single one spends the least of a bucket.
        size = 2 if allowance.requests is None else 1
    else:
        size = _size(remaining, allowance, each, max(each, most_each or 0.0), overhead, expected_width)
    requests = min(slots, -(-remaining // size))
    return tuple(even_shares(min(remaining, requests * size), requests))


def even_shares(total: int, parts: int) -> list[int]:
    """Return ``parts`` numbers that differ by one at most and make ``total``."""
    return [total // parts + (place < total % parts) for place in range(parts)]


def scout_size(each: float | None) -> int:
    """Return the size of a scout: short, but two commands where that is not long, for their stamps.

    Of calls that take milliseconds it carries many: a request that carries few costs half a second where a
    bucket is the limit.
    """
    if each is None:
        return 1
    return max(1 if each > 0.3 else 2, min(_LARGEST_SCOUT, round(_SCOUT_SECONDS / max(each, 0.001))))


def _size(
    remaining: int, allowance: Allowance, each: float, most_each: float, overhead: float, width: int
) -> int:
    longest = max(1, min(LONGEST_BATCH, int(LONGEST_REQUEST_SECONDS / max(most_each, 0.0001))))
    short = max(1, min(longest, round(SHORT_REQUEST_SECONDS / max(each, 0.0001))))
    if allowance.requests is None or -(-remaining // short) <= allowance.requests // 2:
        return short
    ends = {
        size: _ends_after(remaining, size, allowance, size * each + _OVERHEAD_SECONDS + overhead, width)
        for size in range(1, longest + 1)
    }
    soonest = min(ends.values())
    # The largest of those that are as good: it leaves requests over for others.
    return max(size for size, end in ends.items() if end <= max(soonest * 1.02, soonest + 0.02))


def _ends_after(remaining: int, size: int, allowance: Allowance, request: float, width: int) -> float:
    requests = -(-remaining // size)
    at_once = allowance.requests or 0
    by_bucket = max(0, requests - at_once) / allowance.per_second if allowance.per_second else 0.0
    by_width = (requests - 1) // width * request
    return max(by_bucket, by_width) + request
