"""A slot's work: one loop that serves many portals at once and never waits for one of them.

The loop is the only thread that touches the database. It starts what may be started for each portal whose
turn it holds, sleeps until an answer comes or a moment is there, records what came, and looks a few times a
second for portals that somebody should work for. Each step commits before a request leaves and after its
answer came, so that a process may end anywhere.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from bxapp.journal import writing
from bxapp.portals import limits
from bxapp.terminations import stopping, waking
from bxapp.terminations.engine import claiming, fairness
from bxapp.terminations.engine.desks import Desk
from bxapp.terminations.engine.flights import Crew
from bxapp.terminations.jobs import turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from bxapp.terminations.engine.flights import Landed
    from bxapp.terminations.jobs.turns import HeldTurn

logger = logging.getLogger(__name__)

# After this time a slot begins nothing more and hands back when what is under way has come back: other tasks
# wait for a slot too. Not sooner, because what was looked at has to be looked at again by whoever goes on.
SERVES_SECONDS = 120.0
# How often the slot looks for what is new, and how much later where answers wait to be recorded.
_LOOKS_EVERY_SECONDS = 0.2
_ANSWERS_FIRST_SECONDS = 0.3
# Where so many requests are under way, others end at about the same time: what they bring is recorded
# together, which costs little more than one alone.
_MANY_UNDER_WAY = 16
_LINGERS_SECONDS = 0.01
# Portals of one slot; and how many more it takes at one look, so that other slots get their share.
_MOST_DESKS = 16
_NEW_AT_ONCE = 4
_AFTER_LEASE = timedelta(seconds=0.5)


def serve(portal_id: int) -> None:
    """Do what is due for a portal, and for others that nobody works for, until nothing is or time is over."""
    _Slot(takes_others=True).run(portal_id)


def work(portal_id: int) -> None:
    """Do what is due for one portal only, and leave a wake-up for what remains."""
    _Slot(takes_others=False).run(portal_id)


@dataclass
class _Slot:
    takes_others: bool
    crew: Crew = field(default_factory=Crew)
    desks: dict[int, Desk] = field(default_factory=dict)
    begun_at: float = field(default_factory=monotonic)
    looked_at: float = float("-inf")
    kept_at: float = field(default_factory=monotonic)

    def run(self, portal_id: int) -> None:
        """Serve until nothing is left to do now, or the slot's time is over.

        While another process holds the portal's turn there is nothing to do for it, because that one looks
        again after its release; unless it has died, so a wake-up is left for the end of its lease.
        """
        if not self._take(portal_id) and (until := turns.held_until(portal_id)) is not None:
            waking.wake_at(portal_id, until + _AFTER_LEASE)
        try:
            while self._look() or self.desks:
                self._fill()
                self._close_done()
                self._take_in(self._landed())
                self._keep_turns()
                writing.write_due()
        finally:
            # After an error too, except where calls are under way: those leases have to end by themselves, so
            # that whoever comes next asks for these calls.
            for desk in [desk for desk in self.desks.values() if not desk.flights]:
                self._close(desk)

    # --- portals -----------------------------------------------------------------------------------------

    def _look(self) -> bool:
        """Look for news of held portals and for others to work for; return whether there are any others."""
        now = monotonic()
        due_at = self.looked_at + _LOOKS_EVERY_SECONDS
        if self.desks and now < due_at + (_ANSWERS_FIRST_SECONDS if self.crew.has_landed else 0.0):
            return False
        self.looked_at = now
        room = 0
        if self.takes_others and not self._is_over():
            room = min(_NEW_AT_ONCE, _MOST_DESKS - len(self.desks))
        if not self.desks and not room:
            return False
        woken, others = waking.calls(self.desks.keys(), room)
        for portal_id in woken:
            self.desks[portal_id].refresh()
        taken = [portal_id for portal_id in others if self._take(portal_id)]
        return bool(taken)

    def _take(self, portal_id: int) -> bool:
        turn = turns.take(portal_id)
        if turn is not None:
            self._guarded(turn, partial(self._open, turn))
        return turn is not None

    def _open(self, turn: HeldTurn) -> None:
        self.desks[turn.portal_id] = Desk(turn, self.crew)

    def _is_over(self) -> bool:
        return stopping.is_asked() or monotonic() - self.begun_at > SERVES_SECONDS

    def _close_done(self) -> None:
        if self._is_over():
            for desk in self.desks.values():
                desk.drain()
        for desk in [desk for desk in self.desks.values() if desk.is_done]:
            self._close(desk)

    def _close(self, desk: Desk) -> None:
        portal_id = desk.turn.portal_id
        del self.desks[portal_id]
        try:
            desk.close()
            # After the release: what was queued since the last look found the turn taken.
            moment = claiming.next_moment(portal_id, timezone.now())
            if moment is not None:
                waking.wake_at(portal_id, moment)
        except (DatabaseError, InterfaceError):
            logger.exception("The turn of portal %s could not be given back; its lease will end", portal_id)

    def _keep_turns(self) -> None:
        now = monotonic()
        if now - self.kept_at < turns.HEARTBEAT_SECONDS:
            return
        self.kept_at = now
        limits.report()
        for lost in turns.keep([desk.turn for desk in self.desks.values()]):
            logger.warning("The turn of portal %s has gone to another process", lost.portal_id)
            del self.desks[lost.portal_id]

    # --- work --------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Give each portal its turn, by the rule of ``fairness``, until nobody can start anything more."""
        if self._is_over():
            return
        waiting = dict(self.desks)
        is_alone = len(waiting) == 1
        while turn := fairness.next_turn([desk.standing for desk in waiting.values()], monotonic()):
            for standing in turn.standings:
                waiting[standing.portal_id].standing = standing
            desk = waiting.pop(turn.portal_id)
            used = self._guarded(desk.turn, partial(desk.fill, None if is_alone else turn.workflows))
            if used:
                desk.standing = fairness.after_turn(desk.standing, turn, used, monotonic())

    def _landed(self) -> list[Landed]:
        under_way = sum(len(desk.flights) for desk in self.desks.values())
        linger = _LINGERS_SECONDS if under_way > _MANY_UNDER_WAY else 0.0
        return self.crew.landed(self._seconds_to_wait(), linger_seconds=linger)

    def _take_in(self, landed: list[Landed]) -> None:
        by_turn: dict[HeldTurn, list[Landed]] = defaultdict(list)
        for one in landed:
            by_turn[one.flight.turn].append(one)
        for turn, some in by_turn.items():
            desk = self.desks.get(turn.portal_id)
            # What comes back to a desk that is no more belongs to whoever has the turn now.
            if desk is not None and desk.turn is turn:
                self._guarded(turn, partial(desk.take_in, some))

    def _seconds_to_wait(self) -> float:
        now = monotonic()
        moments = [self.looked_at + _LOOKS_EVERY_SECONDS, self.kept_at + turns.HEARTBEAT_SECONDS]
        moments += [desk.next_at for desk in self.desks.values() if desk.next_at is not None]
        return max(0.0, min(moments) - now) if self.desks else 0.0

    def _guarded(self, turn: HeldTurn, step: Callable[[], int | None]) -> int:
        """Do a step for one portal; an error ends the work for this portal, not for the others."""
        try:
            return step() or 0
        except turns.TurnLostError as lost:
            logger.warning("%s", lost)
            self.desks.pop(turn.portal_id, None)
        except (OperationalError, InterfaceError):
            # The database itself is gone, busy or locked, for every portal. That it refuses what one portal
            # wants to write concerns that one.
            raise
        except Exception:
            if not self.takes_others:
                raise
            logger.exception("The work for portal %s has failed", turn.portal_id)
            self.desks.pop(turn.portal_id, None)
        return 0
