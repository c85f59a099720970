"""Volleys of one portal: which batches leave now, by pace and limits, claimed before they do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from bxapp.bitrix import errors
from bxapp.bitrix.limits import Spent
from bxapp.terminations.engine import blocking, claiming, fairness, resuming, sending
from bxapp.terminations.engine.errand_desks import ErrandDesk
from bxapp.terminations.jobs import phases
from bxapp.terminations.jobs.phases import Phase
from bxapp.terminations.pace import permits
from bxapp.terminations.pace.paces import pacer_for
from bxapp.terminations.states import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bxapp.bitrix.answers import Timing
    from bxapp.bitrix.limits import Reservation
    from bxapp.portals.grants import WorkAccess
    from bxapp.portals.models import Portal
    from bxapp.terminations.engine.flights import Crew, Landed
    from bxapp.terminations.engine.lanes import Lane
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Item

# A job that waits longer than this for a limit says so, and its portal is left alone meanwhile.
_TOLD_WAIT_SECONDS = 2.0
# Beyond the width that the portal bears, for jobs so small that somebody may be waiting.
_EXTRA_FOR_SMALL = 2


@dataclass(slots=True, eq=False)
class Termination:
    """A batch under way."""

    lane: Lane
    batch: list[Item]
    reservation: Reservation
    access: WorkAccess
    pair_number: int


class SendingDesk(ErrandDesk):
    """The jobs of a portal that are at work, and sending their batches."""

    def __init__(self, turn: HeldTurn, crew: Crew, portal: Portal) -> None:
        super().__init__(turn, crew, portal)
        self._pacer = pacer_for(turn.portal_id)
        self._lanes: dict[int, Lane] = {}
        self._requests = 0
        self._refresh_at = 0.0
        # While the budget is spent: until when, on this process's clock and as it is told.
        self._spent_until = 0.0
        self._spent_moment: datetime | None = None

    def refresh(self) -> None:
        """Read the jobs anew as soon as the desk is filled again."""
        self._refresh_at = 0.0

    def _open_lanes(self) -> list[Lane]:
        return [lane for lane in self._lanes.values() if lane.is_open]

    def _next_lane(self) -> Lane | None:
        ready = {lane.job.pk: lane for lane in self._open_lanes() if lane.ready and self._may_send(lane)}
        jobs = [fairness.OpenJob(key, lane.remaining, lane.waits_since) for key, lane in ready.items()]
        chosen = fairness.next_job(jobs, self._requests)
        return ready[chosen.job_id] if chosen else None

    def _may_send(self, lane: Lane) -> bool:
        # A new one has workflows that are ready only where their list showed them idle a moment ago.
        may_run = lane.job.state in {JobState.QUEUED, JobState.RUNNING}
        return may_run and self._is_usable(lane.access)

    def _send_small(self, lane: Lane) -> int:
        """Send a small job at once, past the big ones."""
        now = monotonic()
        if not lane.ready or not self._may_send(lane):
            return 0
        if self._pacer.under_way >= self._pacer.width + _EXTRA_FOR_SMALL or self._waits_for_budget(lane, now):
            return 0
        batch = lane.next_batch(lane.ready)
        if not self._permits.request_at_once():
            lane.put_back(batch)
            self._come_again(self._permits.wait_seconds)
            return 0
        return self._send_batches(lane, [batch])

    def _send(self, lane: Lane, most: int | None) -> int:
        """Send batches of a job as pace and limits allow, of about ``most`` workflows; return of how many."""
        now = monotonic()
        if self._waits_for_budget(lane, now):
            return 0
        allowance = self._permits.allowance()
        plan = self._pacer.plan(lane.remaining, allowance, now)
        if plan.delay_seconds is not None:
            self._come_again(plan.delay_seconds)
        sizes = plan.sizes if len(self._lanes) == 1 else plan.sizes[:1]
        batches: list[list[Item]] = []
        taken = 0
        for size in sizes:
            # A batch that is cut short costs as much as a full one: wait for the look that is under way.
            too_few = lane.ready < size and lane.is_looking and allowance.requests is not None
            if not lane.ready or too_few or (most is not None and taken >= most):
                break
            batches.append(lane.next_batch(size))
            taken += len(batches[-1])
        granted = self._permits.requests(len(batches))
        for batch in reversed(batches[granted:]):
            lane.put_back(batch)
        if granted < len(batches):
            self._come_again(self._permits.wait_seconds)
        return self._send_batches(lane, batches[:granted]) if granted else 0

    def _waits_for_budget(self, lane: Lane, now: float) -> bool:
        """Let a job wait while the budget is known to be spent; return whether it has to.

        The job says so: it may have begun since that was found out.
        """
        wait = self._spent_until - now
        if wait <= 0:
            return False
        self._come_again(wait)
        if self._spent_moment is not None:
            blocking.wait_for_limit(self.turn, lane.job, self._spent_moment)
            self._start_anew(lane)
        return True

    def _send_batches(self, lane: Lane, batches: list[list[Item]]) -> int:
        """Reserve execution time for batches that have their permits, claim them, and send them."""
        answers = self._permits.reserve(
            [len(batch) for batch in batches], self._pacer.most_seconds_per_call, at_once=self._pacer.has_room
        )
        reserved: list[tuple[list[Item], Reservation]] = []
        for batch, answer in zip(reversed(batches), reversed(answers), strict=True):
            if isinstance(answer, Spent):
                lane.put_back(batch)
                self._permits.give_back(1)
                continue
            lane.put_back(batch[answer.calls :])
            reserved.insert(0, (batch[: answer.calls], answer))
        claimed = claiming.claim(self.turn, lane.job, [batch for batch, _ in reserved]) if reserved else []
        sent = 0
        for batch, (asked, reservation) in zip(claimed, reserved, strict=True):
            if len(batch) < len(asked):
                # What is left queued is looked at again.
                lane.nothing_queued, lane.doubts_list = False, True
            if not batch:
                self._permits.forget(reservation)
                self._permits.give_back(1)
                continue
            termination = Termination(lane, batch, reservation, lane.access, lane.access.pair_number)
            self._pacer.sent(termination, len(batch), monotonic())
            self._send_off(partial(sending.send, lane.access.client, batch), termination)
            phases.reached(lane.job, Phase.SENT)
            lane.under_way += len(batch)
            sent += len(batch)
            self._requests += 1
        if reserved:
            lane.waits_since = monotonic()
            if not sent:
                self._start_anew(lane)
        for answer in answers:
            if isinstance(answer, Spent):
                self._wait_for_budget(answer)
                break
        return sent

    def _wait_for_budget(self, spent: Spent) -> None:
        if spent.under_way:
            # The next answer tells more; if none is awaited here, another process's is.
            if not self.flights:
                self._come_again(0.2)
            return
        self._spent_until, self._spent_moment = monotonic() + spent.wait_seconds, None
        self._come_again(spent.wait_seconds)
        if spent.wait_seconds > _TOLD_WAIT_SECONDS:
            self._spent_moment = permits.moment_of(spent)
            for waiting in self._open_lanes():
                blocking.wait_for_limit(self.turn, waiting.job, self._spent_moment)
                self._start_anew(waiting)

    def _tell_limits(
        self, one: Termination, landed: Landed, spent: list[tuple[Reservation, float, Sequence[Timing]]]
    ) -> None:
        """Tell pace and budget how a batch went; what it spent is noted in ``spent``."""
        now = landed.flight.sent_at + landed.seconds
        match landed.error:
            case None:
                self._pacer.answered(one, now, permits.work_of(landed.answer.stamps))
            case errors.Unheard(server_failed=True):
                self._pacer.failed(one, monotonic())
            case errors.MethodFailed():
                self._pacer.answered(one, now, None)
            case _:
                self._pacer.given_up(one)
        self._tell_budget(one.reservation, landed, spent)

    def _block(
        self, lane: Lane, used: WorkAccess, error: errors.BitrixError, *, of_call: bool = False
    ) -> None:
        """Let a job wait for what a request in the name of ``used`` was answered."""
        if blocking.block(self.turn, lane.job, error, used=used.grant, of_call=of_call):
            if isinstance(error, errors.UserRefused):
                resuming.resume_if_renewed(lane.job, used.pair_number)
            lane.blocked_at = monotonic()
        self._start_anew(lane)

    def _start_anew(self, lane: Lane) -> None:
        """Forget what is known of a job, and read it again."""
        lane.close()
        self.refresh()

    def _renewal_failed(self, access: WorkAccess, error: errors.BitrixError) -> None:
        for lane in self._open_lanes():
            if lane.access is access:
                self._block(lane, access, error)
