"""Errands of one portal: their requests, one after the other, as permits and token pairs allow."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from bxapp.bitrix import errors
from bxapp.terminations.engine.lanes import Lane
from bxapp.terminations.jobs.errands import NotSentError, ReservedRequest
from bxapp.terminations.jobs.recording import SupersededError
from bxapp.terminations.jobs.turns import TurnLostError
from bxapp.terminations.pace import permits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bxapp.bitrix.answers import Timing
    from bxapp.bitrix.limits import Reservation
    from bxapp.portals.grants import WorkAccess
    from bxapp.portals.models import Portal
    from bxapp.terminations.engine.flights import Crew, Flight, Landed
    from bxapp.terminations.jobs.errands import Errand, Request
    from bxapp.terminations.jobs.turns import HeldTurn


@dataclass(slots=True, eq=False)
class Task:
    """An errand of a job, with what is done at its end."""

    errand: Errand[Any]
    access: WorkAccess
    lane: Lane | None
    ended: Callable[[Any, Exception | None], None]
    request: Request | None = None
    pair_number: int = 0


@dataclass(slots=True, eq=False)
class Renewal:
    access: WorkAccess


class ErrandDesk:
    """What has been sent for a portal, and the errands that wait to send their next request."""

    def __init__(self, turn: HeldTurn, crew: Crew, portal: Portal) -> None:
        self.turn = turn
        self.flights: set[Flight] = set()
        # When something may be started that cannot be now; None: nothing waits for a moment.
        self.next_at: float | None = None
        self._crew = crew
        self._permits = permits.Permits(portal)
        # Errands whose next request waits for a permit or a renewed pair.
        self._waiting: deque[Task] = deque()
        self._renewing: set[WorkAccess] = set()

    def _renewal_failed(self, access: WorkAccess, error: errors.BitrixError) -> None:
        """Take in that a pair cannot be renewed."""
        raise NotImplementedError

    def _begin(
        self, errand: Errand[Any], whose: Lane | WorkAccess, ended: Callable[[Any, Exception | None], None]
    ) -> None:
        lane = whose if isinstance(whose, Lane) else None
        access = whose.access if isinstance(whose, Lane) else whose
        task = Task(errand, access, lane, ended)
        self._advance(task, partial(next, errand))

    def _advance(self, task: Task, step: Callable[[], Request]) -> None:
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
        """Renew a pair that is over or was refused; a refusal of one that was just renewed is a failure."""
        if access in self._renewing:
            return
        if not access.may_renew:
            self._renewed(access, errors.RefreshNeeded("expired_token"))
            return
        self._renewing.add(access)
        self._send_off(access.renew, Renewal(access))

    def _tell_budget(
        self,
        reservation: Reservation,
        landed: Landed,
        spent: list[tuple[Reservation, float, Sequence[Timing]]],
    ) -> None:
        """Tell the budget what became of a request for which time was reserved; what it spent is noted in
        ``spent``. One that nobody heard may be at work: its reservation ends by itself and counts in full.
        """
        match landed.error:
            case None:
                spent.append((reservation, landed.seconds, landed.answer.stamps))
                self._permits.note_refusals(landed.answer.endings.values())
            case errors.Unheard():
                pass
            case errors.MethodFailed():
                spent.append((reservation, landed.seconds, ()))
            case _:
                self._permits.forget(reservation)
                self._permits.note_refusals([landed.error])

    def _task_landed(
        self, task: Task, landed: Landed, spent: list[tuple[Reservation, float, Sequence[Timing]]]
    ) -> None:
        """Let an errand go on with what came back, after the budget was told of it."""
        # A refused pair is renewed and the same request sent again, in the time that is reserved for it.
        if isinstance(task.request, ReservedRequest) and not isinstance(landed.error, errors.RefreshNeeded):
            self._tell_budget(task.request.reservation, landed, spent)
        self._resume(task, landed)

    def _drop(self, task: Task) -> None:
        """Send the request of a waiting errand never."""
        self._waiting.remove(task)
        if isinstance(task.request, ReservedRequest):
            self._permits.forget(task.request.reservation)

    def _abandon(self, task: Task) -> None:
        """End a waiting errand before its next request; another desk begins it anew."""
        self._drop(task)
        # Without the turn nothing may be written any more, and nothing else is left to do.
        with suppress(NotSentError, TurnLostError):
            task.errand.throw(NotSentError())

    def _resume(self, task: Task, landed: Landed) -> None:
        if isinstance(landed.error, errors.RefreshNeeded):
            self._waiting.append(task)
            if task.pair_number == task.access.pair_number:
                self._renew(task.access)
        elif landed.error is not None:
            self._advance(task, partial(task.errand.throw, landed.error))
        else:
            self._advance(task, partial(task.errand.send, landed.answer))

    def _renewed(self, access: WorkAccess, error: Exception | None) -> None:
        self._renewing.discard(access)
        if error is None:
            return
        # The token was refused, or not sent: of what an errand asked for nothing has been carried out.
        told = errors.TryLater(error.code, error.words) if isinstance(error, errors.Unheard) else error
        for task in [task for task in self._waiting if task.access is access]:
            self._drop(task)
            self._advance(task, partial(task.errand.throw, told))
        if isinstance(error, errors.BitrixError):
            self._renewal_failed(access, error)

    def _send_off(self, request: Callable[[], Any], purpose: object) -> None:
        self.flights.add(self._crew.send(self.turn, request, purpose))

    def _come_again(self, seconds: float) -> None:
        moment = monotonic() + seconds
        self.next_at = moment if self.next_at is None else min(self.next_at, moment)
