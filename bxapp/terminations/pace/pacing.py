"""How many workflows go into a batch, and how many requests are under way: a little under what it bears.

**Width** (requests at once). Congestion is measured, never guessed: the time from sending to the answer, less
the work of the request (read from the commands' ``finish`` stamps), is network and waiting at the portal. Its
usual value is the baseline; a request that waited longer stood in a queue, and that portal's people stood in
it too. An unknown portal gets three requests, and the width grows as long as nothing waited: twofold after
each round of short batches; where requests are scarce, and must not be spent on trying, fourfold (the
platform's own SDKs send 50 at once). There the last of a volley is a scout, short and a moment behind the
others: where there is a queue it waits longest, and it is heard long before the others. A job that the
bucket alone holds back needs no more width than it has: it sends no scouts, and in an unknown portal one call
first, which is waited for two seconds.

Once a queue was seen, ``bears`` is what the portal serves at once: the width times the share of work in the
time, or in a volley the number of those that did not wait. From then on the width stays a tenth, and at least
one, below it, so that a slot is free for the people who work there. After some quiet rounds one round goes
one above, to see whether the portal bears more by now; each time it does not, the pause doubles. HTTP 5xx
halve the width and hold everything still, longer each time.

**Size** (commands of a batch). Where requests are not scarce (no bucket, or plenty in it) batches last 0.4 s:
signals come soon, and whoever waits behind one does not wait long. Where they are, the size that ends the job
soonest: the burst shared evenly, full batches when that is not enough. No request is planned beyond 20 s of
the portal's 60 s.

What was learned is remembered (``portal_memory.py``) and the next job starts there. ``width.py``,
``baseline.py`` and ``batch_sizes.py`` hold the rules. Pure calculation: no clock, network or database.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from bxapp.bitrix.client import LONGEST_BATCH
from bxapp.terminations.pace.baseline import Baseline
from bxapp.terminations.pace.batch_sizes import Allowance, planned_sizes, scout_size
from bxapp.terminations.pace.portal_memory import PortalMemory
from bxapp.terminations.pace.width import Heard, Width

if TYPE_CHECKING:
    from collections.abc import Hashable

    from bxapp.bitrix.limits import Work

LONGEST_HOLD_SECONDS = 60.0
# Long enough for the others to have found their places, or their queue.
SCOUT_SECONDS_BEHIND = 0.02
# So long others wait for the call that finds the pace.
FIRST_CALL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Batches of these sizes are sent now, in this order; ask again at each answer, and after the delay."""

    sizes: tuple[int, ...]
    width: int
    delay_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _UnderWay:
    sent_at: float
    commands: int
    era: int
    is_scout: bool


class Pacer:
    """The pace of one portal for one run. All moments are seconds of any clock that never goes back."""

    def __init__(self, memory: PortalMemory | None = None, *, most_at_once: int = 45) -> None:
        self._learned = memory or PortalMemory()
        self._baseline = Baseline()
        self._width = Width(self._learned, most_at_once, self._baseline)
        self._under_way: dict[Hashable, _UnderWay] = {}
        self._held_until = float("-inf")
        self._failures = 0
        self._last_sent_at = float("-inf")

    @property
    def under_way(self) -> int:
        """How many requests have been sent and neither answered nor given up."""
        return len(self._under_way)

    @property
    def width(self) -> int:
        """How many requests may be under way at once."""
        return self._width.now

    @property
    def most_seconds_per_call(self) -> float | None:
        """What a call takes at most, as far as one can tell; None when nothing is known."""
        return self._learned.most_seconds_per_command

    @property
    def has_room(self) -> bool:
        """Whether the portal shows no queue and is not being tried out: single calls start at once."""
        return not self._width.is_crowded

    def plan(self, remaining: int, allowance: Allowance, now: float) -> Plan:
        """Return what to send now of ``remaining`` workflows; sends nothing itself."""
        self._width.requests_are_scarce = allowance.requests is not None
        width = self._width.now
        if remaining <= 0:
            return Plan((), width)
        if now < self._held_until:
            return Plan((), width, self._held_until - now)
        free = width - len(self._under_way)
        if free <= 0:
            return Plan((), width)
        if self._is_bound_by_bucket(remaining, allowance):
            if self._seconds_per_command is None and allowance.requests:
                # Each request counts: a single one tells how long a call takes, if it answers soon.
                if not self._under_way:
                    return Plan((1,), width)
                if (rest := self._last_sent_at + FIRST_CALL_SECONDS - now) > 0:
                    return Plan((), width, rest)
            scout_follows = False
        else:
            scout_follows = self._width.needs_scout
        if scout_follows:
            if free == 1:
                return self._plan_scout(remaining, allowance, now)
            free -= 1
        if allowance.requests == 0:
            return Plan((), width, allowance.wait_seconds)
        sizes = planned_sizes(
            remaining,
            free,
            allowance,
            self._seconds_per_command,
            most_each=self._learned.most_seconds_per_command,
            overhead=self._baseline.seconds,
            expected_width=self._width.expected,
        )
        if sum(sizes) == remaining:
            return Plan(sizes, width)
        if len(sizes) < free and allowance.per_second:
            return Plan(sizes, width, 1 / allowance.per_second)
        return Plan(sizes, width, SCOUT_SECONDS_BEHIND if scout_follows else None)

    def _is_bound_by_bucket(self, remaining: int, allowance: Allowance) -> bool:
        """Whether the bucket holds a job back, and the present width does not, as far as is known."""
        if allowance.requests is None or not allowance.per_second:
            return False
        requests = ceil(remaining / LONGEST_BATCH)
        by_bucket = (requests - allowance.requests) / allowance.per_second
        of_a_batch = LONGEST_BATCH * (self._seconds_per_command or 0.0) + self._baseline.seconds
        return by_bucket > 0 and requests / self._width.now * of_a_batch <= by_bucket

    @property
    def _seconds_per_command(self) -> float | None:
        learned = self._learned.seconds_per_command
        return self._baseline.shortest_call if learned is None else learned

    def _plan_scout(self, remaining: int, allowance: Allowance, now: float) -> Plan:
        behind = self._last_sent_at + SCOUT_SECONDS_BEHIND - now
        if behind > 0:
            return Plan((), self._width.now, behind)
        if allowance.requests == 0:
            return Plan((), self._width.now, allowance.wait_seconds)
        return Plan((min(remaining, scout_size(self._seconds_per_command)),), self._width.now)

    def sent(self, request: Hashable, commands: int, now: float) -> None:
        """A request with so many commands leaves now. ``request`` names it until it is answered."""
        fills = len(self._under_way) + 1 >= self._width.now
        is_scout = fills and self._width.appoint_scout()
        self._under_way[request] = _UnderWay(now, commands, self._width.era, is_scout)
        self._last_sent_at = now

    def answered(self, request: Hashable, now: float, told: Work | None) -> None:
        """Its answer came, which ``told`` its work by its stamps; None where they do not (a single call)."""
        self._failures = 0
        gone = self._under_way.pop(request, None)
        if gone is None:
            return
        elapsed = max(0.0, now - gone.sent_at)
        each = self._learned.seconds_per_command
        noise = self._learned.noise_of(gone.commands)
        if told is not None:
            work = told.seconds
            self._learned = self._learned.with_work(gone.commands, told)
            self._baseline.hear(elapsed - work, noise, work / gone.commands)
            waited = elapsed - work - self._baseline.seconds
        elif each is not None:
            work = min(elapsed, each * gone.commands)
            waited = elapsed - work - self._baseline.seconds
        else:
            waited = self._baseline.hear_single(elapsed)
            work = elapsed - waited
        heard = Heard(gone.sent_at, work, waited, noise, gone.is_scout)
        self._width.hear(gone.era, heard)

    def failed(self, request: Hashable, now: float) -> None:
        """It was answered by an HTTP 5xx (not the 503 of the request limit)."""
        gone = self._under_way.pop(request, None)
        self._failures += 1
        pause = min(LONGEST_HOLD_SECONDS, 0.5 * 2.0 ** min(self._failures - 1, 10))
        self._held_until = max(self._held_until, now + pause)
        if gone is None or gone.era == self._width.era:
            self._width.halve()

    def given_up(self, request: Hashable) -> None:
        """No answer came, or it never left: it is not under way any more, and says nothing of the portal."""
        gone = self._under_way.pop(request, None)
        if gone is not None and gone.is_scout:
            self._width.dismiss_scout()

    def memory(self) -> PortalMemory:
        """Return what to remember of this portal."""
        return self._width.remember(self._learned)
