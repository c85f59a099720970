"""The work for one portal while its turn is held: asking, sending, recording, and never waiting for anything.

A desk is told to start what may be started (:meth:`Desk.fill`) and given what has come back
(:meth:`Desk.take_in`). What must wait is left with its moment (:attr:`Desk.next_at`).
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bxapp.bitrix import errors, methods
from bxapp.bitrix.limits import Spent
from bxapp.portals.grants import WorkAccess
from bxapp.portals.limits import keep_license, license_is_due
from bxapp.portals.models import Portal
from bxapp.terminations import (
    blocking,
    claiming,
    fairness,
    ghosts,
    looking,
    permits,
    removal,
    sending,
    settling,
)
from bxapp.terminations.lanes import FEW_READY, Lane
from bxapp.terminations.paces import kept_pace, pacer_for
from bxapp.terminations.recording import SupersededError
from bxapp.terminations.states import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bxapp.bitrix.answers import Timing
    from bxapp.bitrix.limits import Reservation
    from bxapp.terminations.errands import Errand, Request
    from bxapp.terminations.flights import Crew, Flight, Landed
    from bxapp.terminations.models import Item
    from bxapp.terminations.turns import HeldTurn

logger = logging.getLogger(__name__)

# Jobs are read again this often at least: moments pass, and other processes change what they may.
_REFRESH_SECONDS = 2.0
# A job that waits longer than this for a limit says so, and its portal is left alone meanwhile.
_TOLD_WAIT_SECONDS = 2.0
# Beyond the width that the portal bears, for jobs so small that somebody may be waiting.
_EXTRA_FOR_SMALL = 2


@dataclass(slots=True, eq=False)
class _Termination:
    """A batch under way."""

    lane: Lane
    batch: list[Item]
    reservation: Reservation
    pair_number: int


@dataclass(slots=True, eq=False)
class _Task:
    """An errand of a job, with what is done at its end."""

    errand: Errand[Any]
    access: WorkAccess
    lane: Lane | None
    ended: Callable[[Any, Exception | None], None]
    request: Request | None = None
    pair_number: int = 0


@dataclass(slots=True, eq=False)
class _Renewal:
    access: WorkAccess


class Desk:
    """One portal's work. Every method may raise TurnLostError: the desk is then to be dropped."""

    def __init__(self, turn: HeldTurn, crew: Crew) -> None:
        self.turn = turn
        self.standing = fairness.Standing(turn.portal_id, monotonic())
        self.flights: set[Flight] = set()
        # When something may be started that cannot be now; None: nothing waits for a moment.
        self.next_at: float | None = None
        self._crew = crew
        self._portal = Portal.objects.get(pk=turn.portal_id)
        self._permits = permits.Permits(self._portal)
        self._pacer = pacer_for(turn.portal_id)
        self._lanes: dict[int, Lane] = {}
        # Errands whose next request waits for a permit or a renewed pair.
        self._waiting: deque[_Task] = deque()
        self._renewing: set[WorkAccess] = set()
        self._is_looking_for_ghosts = False
        self._is_asking_for_license = False
        self._requests = 0
        self._refresh_at = 0.0
        self._spent_until = 0.0
        settling.adopt_orphans(turn)

    # --- starting ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the jobs anew as soon as the desk is filled again."""
        self._refresh_at = 0.0

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
        for lane in sorted(self._open_lanes(), key=lambda lane: (lane.job.total, lane.job.pk)):
            self._ask(lane)
            if lane.is_small:
                used += self._send_small(lane)
        while most is None or used < most:
            chosen = self._next_lane()
            sent = self._send(chosen, most and most - used) if chosen else 0
            if not sent:
                break
            used += sent
        return used

    def drain(self) -> None:
        """Start nothing more: only what is under way is still to come back."""
        for lane in self._lanes.values():
            lane.close()
        for task in self._waiting:
            task.errand.close()
        self._waiting.clear()
        self.next_at = None

    def close(self) -> None:
        """Keep what was learned and give the turn back."""
        kept_pace(self.turn.portal_id, self._pacer)
        self.turn.release()

    def _read_jobs(self, now: float) -> None:
        removal.end_void_jobs(self.turn)
        self._refresh_at = now + _REFRESH_SECONDS
        for lane in self._lanes.values():
            lane.is_open = False
        for job in claiming.open_jobs(timezone.now()).filter(portal_id=self.turn.portal_id):
            if job.pk in self._lanes:
                self._lanes[job.pk].reopen(job)
            else:
                self._lanes[job.pk] = Lane(job, now)
            self._portal = job.portal
        closed = [lane for lane in self._lanes.values() if not lane.is_open]
        for lane in closed:
            lane.close()
            if not (lane.under_way or lane.looks or lane.is_settling):
                del self._lanes[lane.job.pk]
        if not self._is_looking_for_ghosts:
            self._look_for_ghosts()

    def _open_lanes(self) -> list[Lane]:
        return [lane for lane in self._lanes.values() if lane.is_open]

    # --- asking ------------------------------------------------------------------------------------------

    def _ask(self, lane: Lane) -> None:
        """Ask about what is in doubt; look ahead at what comes next."""
        job, client, now = lane.job, lane.access.client, timezone.now()
        if not lane.is_settling and not lane.nothing_unsure:
            unsure = claiming.due_unsure(job, now, looking.LOOK_AHEAD)
            lane.nothing_unsure = len(unsure) < looking.LOOK_AHEAD
            if unsure:
                lane.is_settling = True
                self._begin(
                    settling.settle(self.turn, job, client, unsure), lane, partial(self._settled, lane)
                )
        # One question at a time to a portal that has not answered lately.
        may_look = job.state in {JobState.RUNNING, JobState.CANCELLING} or not lane.is_settling
        if may_look and not lane.looks and not lane.nothing_queued and lane.ready <= FEW_READY:
            queued = claiming.due_queued(job, now, looking.LOOK_AHEAD, besides=lane.ready_keys)
            lane.nothing_queued = len(queued) < looking.LOOK_AHEAD
            for part in looking.parts(queued, is_first=not lane.has_looked):
                lane.looks += 1
                self._begin(looking.look(self.turn, job, client, part), lane, partial(self._looked, lane))

    def _settled(self, lane: Lane, _result: object, error: Exception | None) -> None:
        lane.is_settling = False
        self._heard(lane, error)
        # Those still there are queued again.
        lane.nothing_queued = False

    def _looked(self, lane: Lane, idle: list[Item] | None, error: Exception | None) -> None:
        lane.looks -= 1
        lane.has_looked = True
        self._heard(lane, error)
        if lane.is_open and idle:
            lane.add(idle)
        if error is None and license_is_due(self._portal):
            self._ask_for_license(lane.access)

    def _heard(self, lane: Lane, error: Exception | None) -> None:
        """Take in how a question about a job ended."""
        if error is None:
            if lane.is_open:
                blocking.answered(self.turn, lane.job)
        elif isinstance(error, SupersededError):
            logger.info("Items of job %s changed meanwhile; reading them again", lane.job.pk)
            self._start_anew(lane)
        elif isinstance(error, errors.BitrixError):
            self._block(lane, error)
        else:
            raise error

    def _look_for_ghosts(self) -> None:
        job = ghosts.next_job(self.turn.portal_id, timezone.now())
        if job is None:
            return
        self._is_looking_for_ghosts = True
        access = WorkAccess(job.grant, job_id=job.pk)
        self._begin(ghosts.look(self.turn, job, access.client), access, self._looked_for_ghosts)

    def _looked_for_ghosts(self, _result: object, error: Exception | None) -> None:
        self._is_looking_for_ghosts = False
        self.refresh()
        if error is not None:
            raise error

    def _ask_for_license(self, access: WorkAccess) -> None:
        if not self._is_asking_for_license:
            self._is_asking_for_license = True
            self._begin(_license(access), access, self._told_license)

    def _told_license(self, told: methods.License | None, error: Exception | None) -> None:
        self._is_asking_for_license = False
        if error is not None:
            raise error
        keep_license(self._portal, told)
        self._permits = permits.Permits(self._portal)

    # --- errands -----------------------------------------------------------------------------------------

    def _begin(
        self, errand: Errand[Any], whose: Lane | WorkAccess, ended: Callable[[Any, Exception | None], None]
    ) -> None:
        lane = whose if isinstance(whose, Lane) else None
        access = whose.access if isinstance(whose, Lane) else whose
        task = _Task(errand, access, lane, ended)
        self._advance(task, partial(next, errand))

    def _advance(self, task: _Task, step: Callable[[], Request]) -> None:
        """Let an errand go on to its next request, or to its end."""
        try:
            task.request = step()
        except StopIteration as end:
            task.ended(end.value, None)
        except (errors.BitrixError, SupersededError) as error:
            task.ended(None, error)
        else:
            self._waiting.append(task)
            self._resume_errands()

    def _resume_errands(self) -> None:
        for _ in range(len(self._waiting)):
            task = self._waiting[0]
            if not self._is_usable(task.access):
                self._waiting.rotate(-1)
                continue
            is_small = task.lane is not None and task.lane.is_small
            if not (self._permits.request_at_once() if is_small else self._permits.requests(1)):
                self._come_again(self._permits.wait_seconds)
                return
            self._waiting.popleft()
            task.pair_number = task.access.pair_number
            if task.request is None:
                raise ValueError("An errand waits without a request.")
            self._send_off(task.request, task)

    def _is_usable(self, access: WorkAccess) -> bool:
        """Whether its pair may be used now; if its hour is over it is renewed, once for all requests."""
        if access in self._renewing:
            return False
        if access.needs_renewal:
            self._renew(access)
            return False
        return True

    def _renew(self, access: WorkAccess) -> None:
        if access not in self._renewing:
            self._renewing.add(access)
            self._send_off(access.renew, _Renewal(access))

    # --- sending -----------------------------------------------------------------------------------------

    def _next_lane(self) -> Lane | None:
        ready = {lane.job.pk: lane for lane in self._open_lanes() if lane.ready and self._may_send(lane)}
        jobs = [fairness.OpenJob(key, lane.remaining, lane.waits_since) for key, lane in ready.items()]
        chosen = fairness.next_job(jobs, self._requests)
        return ready[chosen.job_id] if chosen else None

    def _may_send(self, lane: Lane) -> bool:
        return lane.job.state == JobState.RUNNING and self._is_usable(lane.access)

    def _send_small(self, lane: Lane) -> int:
        """Send a small job at once, past the big ones."""
        now = monotonic()
        if not lane.ready or not self._may_send(lane):
            return 0
        if self._pacer.under_way >= self._pacer.width + _EXTRA_FOR_SMALL or self._is_spent(now):
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
        if self._is_spent(now):
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
            too_few = lane.ready < size and lane.looks and allowance.requests is not None
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

    def _is_spent(self, now: float) -> bool:
        if now < self._spent_until:
            self._come_again(self._spent_until - now)
            return True
        return False

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
        for batch, (_, reservation) in zip(claimed, reserved, strict=True):
            if not batch:
                self._permits.forget(reservation)
                self._permits.give_back(1)
                continue
            termination = _Termination(lane, batch, reservation, lane.access.pair_number)
            self._pacer.sent(termination, len(batch), monotonic())
            self._send_off(partial(sending.send, lane.access.client, batch), termination)
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
        self._spent_until = monotonic() + spent.wait_seconds
        self._come_again(spent.wait_seconds)
        if spent.wait_seconds > _TOLD_WAIT_SECONDS:
            for waiting in self._open_lanes():
                blocking.wait_for_limit(self.turn, waiting.job, permits.moment_of(spent))
                self._start_anew(waiting)

    def _send_off(self, request: Callable[[], Any], purpose: object) -> None:
        self.flights.add(self._crew.send(self.turn, request, purpose))

    def _come_again(self, seconds: float) -> None:
        moment = monotonic() + seconds
        self.next_at = moment if self.next_at is None else min(self.next_at, moment)

    # --- taking in ---------------------------------------------------------------------------------------

    def take_in(self, landed: Sequence[Landed]) -> None:
        """Record what has come back, and go on with the errands whose answers these are."""
        heard: dict[Lane, list[tuple[_Termination, Landed]]] = defaultdict(list)
        spent: list[tuple[Reservation, float, Sequence[Timing]]] = []
        for one in landed:
            self.flights.discard(one.flight)
            if one.error is not None and not isinstance(one.error, errors.BitrixError):
                raise one.error
            match one.flight.purpose:
                case _Termination() as termination:
                    self._tell_limits(termination, one, spent)
                    heard[termination.lane].append((termination, one))
                case _Renewal(access=access):
                    self._renewed(access, one.error)
                case _Task() as task:
                    self._resume(task, one)
        for lane, some in heard.items():
            self._record(lane, some)
        self._permits.settle(spent)

    def _resume(self, task: _Task, landed: Landed) -> None:
        if isinstance(landed.error, errors.RefreshNeeded):
            if task.pair_number == task.access.pair_number:
                self._renew(task.access)
            self._waiting.append(task)
        elif landed.error is not None:
            self._advance(task, partial(task.errand.throw, landed.error))
        else:
            self._advance(task, partial(task.errand.send, landed.answer))

    def _renewed(self, access: WorkAccess, error: Exception | None) -> None:
        self._renewing.discard(access)
        if error is None:
            return
        for task in [task for task in self._waiting if task.access is access]:
            self._waiting.remove(task)
            self._advance(task, partial(task.errand.throw, error))
        for lane in self._open_lanes():
            if lane.access is access and isinstance(error, errors.BitrixError):
                self._block(lane, error)

    def _record(self, lane: Lane, some: Sequence[tuple[_Termination, Landed]]) -> None:
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
        lane.nothing_unsure = False
        if isinstance(refusal, errors.RefreshNeeded):
            lane.put_back(
                item for one, _ in some for item in one.batch if item.lease is None and not item.outcome
            )
            if any(one.pair_number == lane.access.pair_number for one, _ in some):
                self._renew(lane.access)
        elif refusal is not None:
            if max(landed.flight.sent_at for _, landed in some) > lane.blocked_at:
                self._block(lane, refusal)
            else:
                self._start_anew(lane)
        if not lane.job.is_open:
            self._start_anew(lane)

    def _tell_limits(
        self, one: _Termination, landed: Landed, spent: list[tuple[Reservation, float, Sequence[Timing]]]
    ) -> None:
        """Tell pace and budget how a batch went; what it spent is noted in ``spent``."""
        now = landed.flight.sent_at + landed.seconds
        match landed.error:
            case None:
                stamps = landed.answer.stamps
                self._pacer.answered(one, now, permits.work_seconds(stamps))
                spent.append((one.reservation, landed.seconds, stamps))
                self._permits.note_refusals(landed.answer.endings.values())
            case errors.Unheard(server_failed=True):
                self._pacer.failed(one, monotonic())
            case errors.Unheard():
                self._pacer.given_up(one)
            case errors.MethodFailed():
                self._pacer.answered(one, now, None)
                spent.append((one.reservation, landed.seconds, ()))
            case _:
                self._pacer.given_up(one)
                self._permits.forget(one.reservation)
                self._permits.note_refusals([landed.error])

    def _block(self, lane: Lane, error: errors.BitrixError) -> None:
        blocking.block(self.turn, lane.job, error)
        lane.blocked_at = monotonic()
        self._start_anew(lane)

    def _start_anew(self, lane: Lane) -> None:
        """Forget what is known of a job, and read it again."""
        lane.close()
        self.refresh()


def _license(access: WorkAccess) -> Errand[methods.License | None]:
    """Ask for the portal's licence; a portal that does not tell it is asked again another day."""
    try:
        told: methods.License = yield partial(methods.license_of, access.client)
    except errors.RefreshNeeded:
        raise
    except errors.BitrixError as error:
        logger.info("A portal does not tell its licence: %s", error)
        return None
    return told
