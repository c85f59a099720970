"""How many requests are under way at once. The rule and its reasons stand in ``terminations.pace.pacing``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.terminations.pace.baseline import Baseline
    from bxapp.terminations.pace.portal_memory import PortalMemory

START = 3
PATIENCE_ROUNDS = 10
PATIENCE_AFTER_SUCCESS_ROUNDS = 3
LONGEST_PATIENCE_ROUNDS = 320
LONGEST_ROUND = 60
# Many requests sent in one moment also wait for this machine: for each before it, about this much.
OWN_SECONDS_IN_VOLLEY = 0.002


@dataclass(frozen=True, slots=True)
class Heard:
    """An answered request, in seconds: its work, how much longer it waited than the network's baseline, and
    by how much the latter may be wrong because calls are not equally long (one standard deviation).
    """

    sent_at: float
    work: float
    waited: float
    noise: float
    is_scout: bool


class Width:
    """``now`` is how many may be under way. An era lasts from one change of it to the next."""

    def __init__(self, memory: PortalMemory, most: int, baseline: Baseline) -> None:
        self.era = 0
        self.requests_are_scarce = False
        self._most = most
        self._baseline = baseline
        self._bears = None if memory.bears is None else min(memory.bears, most)
        self.now = min(most, memory.width or START)
        self._widening = self._bears is None and self.now < most
        self._trying = False
        self._patience = memory.patience_rounds or PATIENCE_ROUNDS
        self._quiet_rounds = 0.0
        self._round: list[Heard] = []
        self._has_scout = False
        # Answers to requests of this era or later tell about the present width.
        self._counts_from = 0
        # The eras that a scout ended by having waited, and when it was sent.
        self._scouted: tuple[range, float] | None = None
        # The mean waiting of the round that made the width smaller. A queue of our own making is gone then,
        # and there is none at a width of one: what waits on as before, waits on the road.
        self._waited_before: float | None = None

    @property
    def needs_scout(self) -> bool:
        """Whether the request that fills the width is to be a scout."""
        return self._widening and self.requests_are_scarce and not self._has_scout

    @property
    def is_crowded(self) -> bool:
        """Whether requests may have to wait at the portal at this width, as far as one knows."""
        return self._widening or self._bears is not None

    @property
    def expected(self) -> int:
        """The width that the rest of a job will probably have."""
        return self._most if self._widening else self.now

    def appoint_scout(self) -> bool:
        """Return whether the request that fills the width now is this era's scout."""
        if not self.needs_scout:
            return False
        self._has_scout = True
        return True

    def dismiss_scout(self) -> None:
        """Its answer never came: the next request that fills the width is the scout."""
        self._has_scout = False

    def hear(self, era: int, heard: Heard) -> None:
        """Take in an answer to a request that was sent in an era."""
        if self._is_late_evidence(era, heard) and self._bears and not self._has_waited(heard):
            # The scout was back before this one, which had a place all the same.
            self._bears += 1
            self.now = self._under(self._bears)
        if not self._counts_from <= era <= self.era:
            return
        self._round.append(heard)
        if heard.is_scout:
            self._judge_scout(heard)
        elif len(self._round) >= self._round_length() and not (self._widening and self.requests_are_scarce):
            self._judge_round()

    def halve(self) -> None:
        """The portal answered with a server error at this width."""
        self._bears = max(1, self.now * 3 // 4)
        self._widening = False
        self._change(max(1, self.now // 2))

    def remember(self, memory: PortalMemory) -> PortalMemory:
        """Return the memory with the width in it."""
        if self._bears is None and self._widening and self.era == 0:
            return memory
        width = self._under(self._bears) if self._bears is not None else self.now
        return replace(memory, width=width, bears=self._bears, patience_rounds=self._patience)

    def _is_late_evidence(self, era: int, heard: Heard) -> bool:
        return self._scouted is not None and era in self._scouted[0] and heard.sent_at <= self._scouted[1]

    def _round_length(self) -> int:
        """As many answers as there are requests at once, and more where calls differ in length."""
        work = sum(heard.work for heard in self._round)
        noise = sum(heard.noise for heard in self._round)
        if noise <= 0 or work <= 0 or self._widening:
            return self.now
        return max(self.now, min(LONGEST_ROUND, round((noise / (0.05 * work)) ** 2)))

    def _judge_scout(self, scout: Heard) -> None:
        if scout.waited <= max(0.06, 0.25 * scout.work, 2 * self._baseline.seconds) + 2 * scout.noise:
            self._widen(4)
        else:
            self._scouted = (range(self._counts_from, self.era + 1), scout.sent_at)
            self._step_back()

    def _judge_round(self) -> None:
        count = len(self._round)
        work = sum(heard.work for heard in self._round) / count
        waited = sum(heard.waited for heard in self._round) / count
        noise = sum(heard.noise for heard in self._round) / count / count**0.5
        own = OWN_SECONDS_IN_VOLLEY * count if self._is_volley() else 0.0
        doubt = noise + self._baseline.doubt_seconds + own
        if waited > max(0.03, 0.1 * work, 0.3 * self._baseline.seconds) + doubt:
            lasting = self._waited_before is not None and waited > 0.7 * self._waited_before
            if lasting or self.now == 1:
                self._baseline.lengthen(waited)
                self._waited_before = None
                self._round.clear()
                return
            if self._trying:
                self._patience = min(LONGEST_PATIENCE_ROUNDS, self._patience * 2)
            self._step_back()
            self._waited_before = waited
            return
        self._waited_before = None
        if self._widening:
            self._widen(2)
        elif self._trying:
            self._bears, self._patience = self.now, PATIENCE_AFTER_SUCCESS_ROUNDS
            self._change(self._under(self.now))
        else:
            self._go_on()

    def _widen(self, factor: int) -> None:
        counts_from = self._counts_from
        self._change(min(self._most, self.now * factor))
        self._widening = self.now < self._most
        if self.requests_are_scarce:
            # Long ones of the last volley are still at work, and have their places beside the new ones.
            self._counts_from = counts_from

    def _go_on(self) -> None:
        self._quiet_rounds += len(self._round) / self.now
        self._round.clear()
        if self._bears is None:
            return
        if self.now < self._under(self._bears):
            self._change(min(self._under(self._bears), self.now + max(1, self.now // 4)))
        elif self._quiet_rounds >= self._patience and self._bears < self._most:
            self._change(self._bears + 1, trying=True)
        elif self._bears >= self._most:
            self._bears = None
            self._change(self._most)

    def _step_back(self) -> None:
        self._widening = False
        self._bears = max(1, min(self.now, self._served_at_once()))
        self._change(self._under(self._bears))

    def _served_at_once(self) -> int:
        """Return how many the portal served at once in this round."""
        unhindered = sum(heard.work + self._baseline.seconds for heard in self._round)
        waited = max(0.0, sum(heard.waited for heard in self._round))
        by_time = round(self.now * unhindered / (unhindered + waited)) if unhindered > 0 else self.now
        if not self._is_volley():
            return by_time
        # Those that did not wait were the ones that found a place.
        return min(by_time, sum(not self._has_waited(heard) for heard in self._round))

    def _is_volley(self) -> bool:
        """Whether all requests of the round were sent at once, compared with how long they took."""
        sent = [heard.sent_at for heard in self._round]
        work = sum(heard.work for heard in self._round)
        return max(sent) - min(sent) <= 0.2 * work / len(sent)

    def _has_waited(self, heard: Heard) -> bool:
        doubt = 2 * heard.noise + self._baseline.doubt_seconds
        return heard.waited > max(0.03, 0.1 * heard.work, 0.3 * self._baseline.seconds) + doubt

    def _under(self, bears: int) -> int:
        return max(1, bears - max(1, bears // 10))

    def _change(self, width: int, *, trying: bool = False) -> None:
        self.now = width
        self._trying = trying
        self.era += 1
        self._counts_from = self.era
        self._quiet_rounds = 0.0
        self._round.clear()
        self._has_scout = False
