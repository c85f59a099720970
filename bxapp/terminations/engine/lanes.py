"""A job at work: what has been looked at and may be sent, and what is being asked about it."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from bxapp.portals.grants import WorkAccess
from bxapp.terminations.engine.looking import FRESH_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bxapp.terminations.models import Item, Job

# Somebody may be sitting before a job as small as this and wait for it.
SMALL_JOB = 3
# When no more than this many are ready, the next look is begun.
FEW_READY = 300
# So many jobs of a portal are looked ahead for at a time.
JOBS_AT_WORK = 8


class Lane:
    """What this process keeps in memory of a job that it works on. The database is the truth."""

    def __init__(self, job: Job, waits_since: float) -> None:
        self.job = job
        self.access = WorkAccess(job.grant, job_id=job.pk)
        # Whether it may go on, as far as was read: neither finished nor waiting.
        self.is_open = True
        # For fairness: since when it has had no request.
        self.waits_since = waits_since
        self.under_way = 0
        # The items of each look that is under way, and the sizes of those that follow at once.
        self.looks: list[list[Item]] = []
        self.pieces: deque[int] = deque()
        self.has_looked = False
        # Whether what the list showed is not believed any more: some of it was not as it should be.
        self.doubts_list = False
        self.is_settling = False
        # Nothing (more) was found in the database that could be looked at, or asked about.
        self.nothing_queued = False
        self.nothing_unsure = False
        # Requests that left before tell nothing new of a job that has been blocked since.
        self.blocked_at = float("-inf")
        self._ready: deque[Item] = deque()
        # Since when they have been seen, the one seen first of all that were among them.
        self._seen_from = float("inf")

    def reopen(self, job: Job) -> None:
        """Take in what was read of the job: it may go on, and there may be something new to do."""
        if job.grant_id != self.job.grant_id or job.grant.pair_number != self.access.pair_number:
            self.access = WorkAccess(job.grant, job_id=job.pk)
        self.job = job
        self.is_open = True
        self.nothing_queued = self.nothing_unsure = False

    def close(self) -> None:
        """Do nothing more for the job until it is read anew."""
        self.is_open = False
        self._ready.clear()
        self.pieces.clear()

    @property
    def is_looking(self) -> bool:
        return bool(self.looks or self.pieces)

    @property
    def is_small(self) -> bool:
        return self.job.total <= SMALL_JOB

    @property
    def remaining(self) -> int:
        """How many have no outcome and no call under way."""
        return max(self.ready, self.job.total - self.job.ended - self.under_way)

    @property
    def ready(self) -> int:
        """How many may be sent; what was looked at too long ago is dropped."""
        oldest = monotonic() - FRESH_SECONDS
        if self._seen_from < oldest:
            # A list is older than the look that others of the same job needed.
            fresh = [item for item in self._ready if _seen_at(item) >= oldest]
            if len(fresh) < len(self._ready):
                self.nothing_queued = False
            self._ready.clear()
            self._seen_from = float("inf")
            self.add(fresh)
        return len(self._ready)

    @property
    def seen_keys(self) -> list[int]:
        """The keys of what is ready, or being looked at."""
        return [item.pk for some in (self._ready, *self.looks) for item in some]

    def add(self, items: Iterable[Item]) -> None:
        """Add idle ones, in the order in which they are to go; each knows when it was seen."""
        for item in items:
            self._seen_from = min(self._seen_from, _seen_at(item))
            self._ready.append(item)

    def put_back(self, items: Iterable[Item]) -> None:
        """Let queued ones that were not sent after all go next."""
        for item in reversed(list(items)):
            self._seen_from = min(self._seen_from, _seen_at(item))
            self._ready.appendleft(item)

    def next_batch(self, size: int) -> list[Item]:
        """Take the next ones that may go together, ``size`` at most."""
        batch: list[Item] = []
        while self._ready and len(batch) < size:
            item = self._ready[0]
            if batch and (item.batch_limit != batch[0].batch_limit or len(batch) >= item.batch_limit):
                break
            batch.append(self._ready.popleft())
        return batch


def _seen_at(item: Item) -> float:
    return item.looked_at or 0.0


def looked_ahead(lanes: Sequence[Lane]) -> list[Lane]:
    """Return the lanes to look ahead for, of those of a portal in the order in which they are to go.

    A look is believed for less than a minute: where a hundred jobs wait, looks at all of them would use up
    the portal's limit of requests again and again, and nothing would ever be sent. Whoever has waited longest
    is among them, however many small ones come.
    """
    waiting = [lane for lane in lanes if lane.pieces or not lane.nothing_queued]
    at_work = {lane for lane in lanes if lane.is_looking or lane.ready}
    room = max(0, JOBS_AT_WORK - len(at_work))
    chosen = at_work.union([lane for lane in waiting if lane not in at_work][:room])
    if waiting:
        chosen.add(min(waiting, key=lambda lane: lane.waits_since))
    return [lane for lane in waiting if lane in chosen]
