"""How many requests are under way at once; the rule and its reasons stand in ``bxapp.terminations.pacing``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.terminations.portal_memory import PortalMemory

START = 3
PATIENCE_ROUNDS = 10
LONGEST_PATIENCE_ROUNDS = 320


@dataclass(frozen=True, slots=True)
class Heard:
    """An answered request: its work, and how much longer than the network it waited. Seconds."""

    sent_at: float
    work: float
    waited: float
    is_scout: bool


class Width:
    """``now`` is how many may be under way. An era lasts from one change of it to the next."""

    def __init__(self, memory: PortalMemory, most: int) -> None:
        self.era = 0
        self.requests_are_scarce = False
        self._most = most
        self._bears = None if memory.bears is None else min(memory.bears, most)
        self.now = min(most, memory.width or START)
        self._widening = self._bears is None and self.now < most
        self._trying = False
        self._patience = memory.patience_rounds or PATIENCE_ROUNDS
        self._quiet_rounds = 0
        self._round: list[Heard] = []
        self._has_scout = False
        self._crowded = self._bears is not None

    @property
    def is_widening(self) -> bool:
        return self._widening

    @property
    def is_crowded(self) -> bool:
        """Whether requests may have to wait at the portal at this width, as far as one knows."""
        return self._widening or self._trying or self._crowded

    @property
    def expected(self) -> int:
        """The width that the rest of a job will probably have."""
        return self._most if self._widening else self.now

    def appoint_scout(self) -> bool:
        """Return whether the request that fills the width now is this era's scout."""
        if not self._widening or self._has_scout:
            return False
        self._has_scout = True
        return True

    def dismiss_scout(self) -> None:
        """Its answer never came: the next request that fills the width is the scout."""
        self._has_scout = False

    def hear(self, heard: Heard, baseline: float) -> None:
        """Take in an answer of this era."""
        self._round.append(heard)
        if self._widening:
            if heard.is_scout:
                self._judge_scout(heard, baseline)
        elif len(self._round) >= self.now:
            self._judge_round(baseline)

    def halve(self) -> None:
        """The portal answered with a server error at this width."""
        self._bears = max(1, self.now * 3 // 4)
        self._widening = self._trying = False
        self._change(max(1, self.now // 2))

    def remember(self, memory: PortalMemory) -> PortalMemory:
        """Return the memory with the width in it."""
        if self._bears is None and self._widening and self.era == 0:
            return memory
        width = self._under(self._bears) if self._bears is not None else self.now
        return replace(memory, width=width, bears=self._bears, patience_rounds=self._patience)

    def _judge_scout(self, scout: Heard, baseline: float) -> None:
        if scout.waited <= max(0.06, 0.25 * scout.work, 2 * baseline):
            self._change(min(self._most, self.now * (4 if self.requests_are_scarce else 2)))
            self._widening = self.now < self._most
            return
        self._widening = False
        self._step_back(baseline)

    def _judge_round(self, baseline: float) -> None:
        count = len(self._round)
        work = sum(heard.work for heard in self._round) / count
        waited = sum(heard.waited for heard in self._round) / count
        if waited > max(0.03, 0.1 * work, baseline):
            if self._trying:
                self._patience = min(LONGEST_PATIENCE_ROUNDS, self._patience * 2)
            self._step_back(baseline)
        elif self._trying:
            self._bears, self._patience = self.now, PATIENCE_ROUNDS
            self._change(self._under(self.now))
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._round.clear()
        self._quiet_rounds += 1
        if self._bears is None:
            return
        if self.now < self._under(self._bears):
            self._change(min(self._under(self._bears), self.now + max(1, self.now // 4)))
        elif self._quiet_rounds >= self._patience and self._bears < self._most:
            self._trying = True
            self._change(self._bears + 1)
        elif self._bears >= self._most:
            self._bears = None
            self._change(self._most)

    def _step_back(self, baseline: float) -> None:
        self._bears = max(1, min(self.now, self._served_at_once(baseline)))
        self._crowded = True
        self._change(self._under(self._bears))

    def _served_at_once(self, baseline: float) -> int:
        """Return how many the portal served at once in this round."""
        work = sum(heard.work for heard in self._round)
        waited = sum(heard.waited for heard in self._round)
        by_time = round(self.now * work / (work + waited)) if work + waited else self.now
        sent = [heard.sent_at for heard in self._round]
        if max(sent) - min(sent) > 0.2 * work / len(sent):
            return by_time
        # All at once: those that did not wait were the ones that found a place.
        at_once = sum(heard.waited <= max(0.03, 0.1 * heard.work, baseline) for heard in self._round)
        return min(by_time, at_once)

    def _under(self, bears: int) -> int:
        return max(1, bears - max(1, bears // 10))

    def _change(self, width: int) -> None:
        if width != self._under(self._bears or self._most + 1):
            pass
        self._trying = self._trying and width == (self._bears or 0) + 1
        self.now = width
        self.era += 1
        self._quiet_rounds = 0
        self._round.clear()
        self._has_scout = False
