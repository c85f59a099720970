"""How many workflows go into a batch and how many requests are under way: as much as the portal bears, a little less.

**Width** (requests at once). Congestion is measured, never guessed: the time from sending to the answer, less the
work of the request (read from the commands' ``finish`` stamps), is waiting at the portal. A baseline of it is the
network's. A request that waited longer stood in a queue, and the people of that portal stood in it too.
An unknown portal gets three requests. The last one of each volley is the scout: where there is a queue, it waits
longest. If it did not wait, the width grows: fourfold where requests are scarce (they must not be spent on trying;
the platform's own SDKs send 50 at once), else twofold. Once a queue was seen, ``bears`` is what the portal serves
at once: the width times the share of work in the time, or in a volley the number of those that did not wait. From
then on the width stays a tenth, at least one, below it, so that a slot is free for the people who work there. After
some quiet rounds one round goes one above, to see whether the portal bears more by now; each time it does not, the
pause doubles. HTTP 5xx halve the width and hold everything still, longer each time.

**Size** (commands of a batch). Where requests are not scarce (no bucket, or plenty in it), batches last 0.4 s: signals
come soon, and whoever waits behind one does not wait long. Where they are, the size that ends the job soonest: the
burst shared evenly, full batches when that is not enough. No request is planned beyond 20 s of the portal's 60 s.

What was learned is remembered (:class:`bxapp.terminations.portal_memory.PortalMemory`) and the next job starts there.
Pure calculation: no clock, no network, no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.terminations.batch_sizes import Allowance, planned_sizes
from bxapp.terminations.portal_memory import PortalMemory
from bxapp.terminations.width import Heard, Width

if TYPE_CHECKING:
    from collections.abc import Hashable

LONGEST_HOLD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Send batches of these sizes now, in this order; then ask again at the next answer, or after the delay.

    ``delay_seconds`` None: nothing is to be sent before an answer comes.
    """

    sizes: tuple[int, ...]
    width: int
    delay_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _UnderWay:
    sent_at: float
    commands: int
    era: int
    is_scout: bool
    # Of its volley: how many were under way with it.
    beside: int


class Pacer:
    """The pace of one portal for one run. All moments are seconds of any clock that never goes back."""

    def __init__(self, memory: PortalMemory | None = None, *, most_at_once: int = 45) -> None:
        self._learned = memory or PortalMemory()
        self._width = Width(self._learned, most_at_once)
        self._under_way: dict[Hashable, _UnderWay] = {}
        self._held_until = float("-inf")
        self._failures = 0

    @property
    def under_way(self) -> int:
        """How many requests have been sent and neither answered nor given up."""
        return len(self._under_way)

    @property
    def has_room(self) -> bool:
        """Whether the portal shows no queue and is not being tried out: single calls start at once."""
        return not self._width.is_crowded

    def plan(self, remaining: int, allowance: Allowance, now: float) -> Plan:
        """Return what to send now of ``remaining`` workflows; sends nothing itself."""
        width = self._width.now
        if remaining <= 0:
            return Plan((), width)
        if now < self._held_until:
            return Plan((), width, self._held_until - now)
        free = width - len(self._under_way)
        if free <= 0:
            return Plan((), width)
        if allowance.requests == 0:
            return Plan((), width, allowance.wait_seconds)
        sizes = planned_sizes(
            remaining,
            free,
            allowance,
            self._learned,
            expected_width=self._width.expected,
            with_scout=self._width.is_widening,
        )
        return Plan(sizes, width)

    def sent(self, request: Hashable, commands: int, now: float, allowance: Allowance) -> None:
        """A request with so many commands leaves now. ``request`` names it until it is answered."""
        self._width.requests_are_scarce = allowance.requests is not None
        beside = len(self._under_way) + 1
        scout = self._width.appoint_scout() if beside >= self._width.now else False
        self._under_way[request] = _UnderWay(now, commands, self._width.era, scout, beside)

    def answered(self, request: Hashable, now: float, work_seconds: float | None) -> None:
        """Its answer came. ``work_seconds`` from the stamps; None where they do not tell (a single call)."""
        self._failures = 0
        gone = self._under_way.pop(request, None)
        if gone is None:
            return
        elapsed = max(0.0, now - gone.sent_at)
        self._learned = self._learned.with_request(gone.commands, elapsed, work_seconds)
        known = self._learned.seconds_per_command or elapsed / gone.commands
        work = min(elapsed, known * gone.commands if work_seconds is None else work_seconds)
        baseline = self._learned.baseline_seconds or 0.0
        if work_seconds is None and self._learned.baseline_seconds is None:
            baseline = 0.0
        heard = Heard(gone.sent_at, work, max(0.0, elapsed - work - baseline), gone.is_scout)
        if gone.era == self._width.era:
            self._width.hear(heard, baseline)

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
