"""The work for one portal while its turn is held: asking, sending, recording, and never waiting for anything.

A desk is told to start what may be started (:meth:`Desk.fill`) and given what has come back
(:meth:`Desk.take_in`). What must wait is left with its moment (:attr:`Desk.next_at`).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix import errors
from bxapp.portals.models import Portal
from bxapp.terminations.engine import blocking, claiming, fairness, ghosts, looking, sending, settling
from bxapp.terminations.engine.aftercare_desks import AftercareDesk
from bxapp.terminations.engine.errand_desks import Renewal, Task
from bxapp.terminations.engine.lanes import FEW_READY, Lane, looked_ahead
from bxapp.terminations.engine.sending_desks import Termination
from bxapp.terminations.jobs import phases, removal
from bxapp.terminations.jobs.phases import Phase
from bxapp.terminations.jobs.recording import SupersededError
from bxapp.terminations.pace.paces import kept_pace
from bxapp.terminations.states import ItemState, JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bxapp.bitrix.answers import Timing
    from bxapp.bitrix.limits import Reservation
    from bxapp.portals.grants import WorkAccess
    from bxapp.terminations.engine.flights import Crew, Landed
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Item

logger = logging.getLogger(__name__)

# Jobs are read again this often at least: moments pass, and other processes change what they may. Those that
# have ended, or may not go on, are cared for less often beside others, and when somebody wakes the portal.
_REFRESH_SECONDS = 2.0
_CARE_SECONDS = 10.0


class Desk(AftercareDesk):
    """One portal's work. Every method may raise TurnLostError: the desk is then to be dropped."""

    def __init__(self, turn: HeldTurn, crew: Crew) -> None:
        super().__init__(turn, crew, Portal.objects.get(pk=turn.portal_id))
        now = monotonic()
        self.standing = fairness.Standing(turn.portal_id, now)
        self._care_at = now + _REFRESH_SECONDS
        settling.adopt_orphans(turn)

    def refresh(self) -> None:
        """Read the jobs anew as soon as the desk is filled again, also those that have ended."""
        super().refresh()
        self._care_at = 0.0

    # --- starting ----------------------------------------------------------------------------------------

    @property
    def is_done(self) -> bool:
        """Whether nothing is under way and nothing waits for a moment that is near."""
        return not self.flights and not self._waiting and self.next_at is None

    def fill(self, most: int | None) -> int:
        """Start what may be started, calls for ``most`` workflows if given; return for how many it did."""
        now = monotonic()
        if now >= self._refresh_at:
            self._read_jobs(now)
        self.next_at = None
        self._resume_errands()
        used = 0
        lanes = sorted(self._open_lanes(), key=lambda lane: (lane.job.total, lane.job.pk))
        for lane in lanes:
            self._ask(lane)
        for lane in looked_ahead(lanes):
            self._look(lane)
        for lane in lanes:
            if lane.is_small:
                used += self._send_small(lane)
        while most is None or used < most:
            chosen = self._next_lane()
            sent = self._send(chosen, most and most - used) if chosen else 0
            if not sent:
                break
            used += sent
        if self.is_done:
            # Before the portal is given back: else it would be taken again at once for what is left.
            self._care(now)
        return used

    def drain(self) -> None:
        """Start nothing more: only what is under way is still to come back."""
        for lane in self._lanes.values():
            lane.close()
        for task in list(self._waiting):
            self._abandon(task)
        self.next_at = None

    def close(self) -> None:
        """Keep what was learned and give the turn back."""
        kept_pace(self.turn.portal_id, self._pacer)
        self.turn.release()

    def _read_jobs(self, now: float) -> None:
        self._refresh_at = now + _REFRESH_SECONDS
        for lane in self._lanes.values():
            lane.is_open = False
        for job in claiming.open_jobs(timezone.now()).filter(portal_id=self.turn.portal_id):
            if job.pk in self._lanes:
                self._lanes[job.pk].reopen(job)
            else:
                self._lanes[job.pk] = Lane(job, now)
                phases.reached(job, Phase.PICKED_UP)
            self._portal = job.portal
        closed = [lane for lane in self._lanes.values() if not lane.is_open]
        for lane in closed:
            lane.close()
            if not (lane.under_way or lane.looks or lane.is_settling):
                del self._lanes[lane.job.pk]
        # Whoever waits for a job comes first.
        if now >= self._care_at:
            self._care(now)

    def _care(self, now: float) -> None:
        """Begin what is due for jobs that have ended, or end now because they may not go on."""
        self._care_at = now + _CARE_SECONDS
        removal.end_void_jobs(self.turn)
        if not self._is_looking_for_ghosts:
            # Else what is being called for right now would be told as not stopped.
            ghosts.end_void_looks(self.turn)
        self._care_for_finished_jobs()

    # --- asking ------------------------------------------------------------------------------------------

    def _ask(self, lane: Lane) -> None:
        """Ask about what is in doubt."""
        job, client, now = lane.job, lane.access.client, timezone.now()
        if not lane.is_settling and not lane.nothing_unsure:
            unsure = claiming.due_unsure(job, now, looking.LOOK_AHEAD)
            lane.nothing_unsure = len(unsure) < looking.LOOK_AHEAD
            if unsure:
                lane.is_settling = True
                self._begin(
                    settling.settle(self.turn, job, client, unsure),
                    lane,
                    partial(self._settled, lane, lane.access),
                )

    def _look(self, lane: Lane) -> None:
        job, client, now = lane.job, lane.access.client, timezone.now()
        # One question at a time to a portal that has not answered lately.
        may_look = job.state in {JobState.RUNNING, JobState.CANCELLING} or not lane.is_settling
        if not may_look and lane.pieces:
            lane.pieces.clear()
            lane.nothing_queued = False
        if may_look and not lane.is_looking and not lane.nothing_queued and lane.ready <= FEW_READY:
            is_known = self._pacer.most_seconds_per_call is not None
            lane.pieces.extend(looking.parts(lane.remaining, is_first=not lane.has_looked, is_known=is_known))
        if not lane.pieces:
            return
        # Each part is read when its look begins: what the first one shows is called for meanwhile.
        size = lane.pieces.popleft()
        queued = claiming.due_queued(job, now, size, besides=lane.seen_keys)
        if len(queued) < size:
            lane.nothing_queued = True
            lane.pieces.clear()
        idle, others = ([], queued) if lane.doubts_list else looking.idle_as_listed(job, queued)
        if idle:
            lane.has_looked = True
            lane.add(idle)
            self._ask_for_license(lane)
        if others:
            lane.looks.append(others)
            self._begin(
                looking.look(self.turn, job, client, others),
                lane,
                partial(self._looked, lane, lane.access, others),
            )
        if lane.pieces:
            # After what has come back meanwhile.
            self._come_again(0)

    def _settled(self, lane: Lane, used: WorkAccess, _result: object, error: Exception | None) -> None:
        lane.is_settling = False
        self._heard(lane, used, error)
        # Those still there are queued again.
        lane.nothing_queued = False

    def _looked(
        self,
        lane: Lane,
        used: WorkAccess,
        looked_at: list[Item],
        idle: list[Item] | None,
        error: Exception | None,
    ) -> None:
        lane.looks.remove(looked_at)
        lane.has_looked = True
        self._heard(lane, used, error)
        if lane.is_open and idle:
            lane.add(idle)
        if error is None:
            self._ask_for_license(lane)

    def _heard(self, lane: Lane, used: WorkAccess, error: Exception | None) -> None:
        """Take in how a question about a job ended that was asked in the name of ``used``."""
        if error is None:
            if lane.is_open:
                blocking.answered(self.turn, lane.job)
        elif isinstance(error, SupersededError):
            logger.info("Items of job %s changed meanwhile; reading them again", lane.job.pk)
            self._start_anew(lane)
        elif isinstance(error, errors.BitrixError):
            self._block(lane, used, error)
        else:
            raise error

    # --- taking in ---------------------------------------------------------------------------------------

    def take_in(self, landed: Sequence[Landed]) -> None:
        """Record what has come back, and go on with the errands whose answers these are."""
        heard: dict[tuple[Lane, WorkAccess], list[tuple[Termination, Landed]]] = defaultdict(list)
        spent: list[tuple[Reservation, float, Sequence[Timing]]] = []
        for one in landed:
            self.flights.discard(one.flight)
            if one.error is not None and not isinstance(one.error, errors.BitrixError):
                raise one.error
            match one.flight.purpose:
                case Termination() as termination:
                    self._tell_limits(termination, one, spent)
                    heard[termination.lane, termination.access].append((termination, one))
                case Renewal(access=access):
                    self._renewed(access, one.error)
                case Task() as task:
                    self._task_landed(task, one, spent)
        for (lane, used), some in heard.items():
            self._record(lane, used, some)
        self._permits.settle(spent)

    def _record(self, lane: Lane, used: WorkAccess, some: Sequence[tuple[Termination, Landed]]) -> None:
        """Record what came of batches of one job that were sent in the name of ``used``."""
        heard = [
            sending.Heard(
                one.batch,
                landed.answer,
                landed.error if isinstance(landed.error, errors.BitrixError) else None,
            )
            for one, landed in some
        ]
        refusal = sending.record(self.turn, lane.job, heard)
        lane.under_way -= sum(len(one.batch) for one, _ in some)
        if any(item.state == ItemState.UNSURE for one in heard for item in one.batch):
            lane.nothing_unsure = False
        if isinstance(refusal, errors.RefreshNeeded):
            lane.put_back(
                item for one, _ in some for item in one.batch if item.lease is None and not item.outcome
            )
            if used is lane.access and any(one.pair_number == used.pair_number for one, _ in some):
                self._renew(used)
        elif refusal is not None:
            if max(landed.flight.sent_at for _, landed in some) > lane.blocked_at:
                self._block(lane, used, self._permits.corrected(refusal), of_call=True)
            else:
                self._start_anew(lane)
        elif any(one.answer is not None for one in heard):
            blocking.call_heard(self.turn, lane.job)
        if not lane.job.is_open:
            self._start_anew(lane)
            self._ask_for_license(lane)
