"""What a desk does besides the jobs at work: looks for ghosts, telling of an end, asking for the licence.

Each is an errand of no lane: one of its kind at a time, begun when it is due, beside jobs at work up to ten
seconds later, and no job waits for it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix import errors, methods
from bxapp.portals.grants import WorkAccess
from bxapp.portals.limits import keep_license, keep_no_license, license_is_due
from bxapp.terminations.engine import ghosts, looking
from bxapp.terminations.engine.sending_desks import SendingDesk
from bxapp.terminations.jobs import notices
from bxapp.terminations.pace import permits

if TYPE_CHECKING:
    from bxapp.bitrix.limits import Reservation, Spent
    from bxapp.portals.models import Portal
    from bxapp.terminations.engine.flights import Crew
    from bxapp.terminations.engine.lanes import Lane
    from bxapp.terminations.jobs.errands import Errand
    from bxapp.terminations.jobs.turns import HeldTurn


class AftercareDesk(SendingDesk):
    """The errands of a portal that belong to no job at work."""

    def __init__(self, turn: HeldTurn, crew: Crew, portal: Portal) -> None:
        super().__init__(turn, crew, portal)
        # As it was read with its jobs last.
        self._portal = portal
        self._is_looking_for_ghosts = False
        self._is_telling = False
        self._is_asking_for_license = False

    def _care_for_finished_jobs(self) -> None:
        """Begin what is due for jobs that have ended."""
        if not self._is_looking_for_ghosts:
            self._look_for_ghosts()
        if not self._is_telling:
            self._tell_of_an_end()

    def _look_for_ghosts(self) -> None:
        job = ghosts.next_job(self.turn.portal_id)
        if job is None:
            return
        self._is_looking_for_ghosts = True
        access = WorkAccess(job.grant, job_id=job.pk)
        errand = ghosts.look(self.turn, job, access.client, self._reserve)
        self._begin(errand, access, self._looked_for_ghosts)

    def _reserve(self, calls: int) -> Reservation | Spent:
        """Reserve execution time for a request of ``calls`` calls, perhaps for fewer."""
        (answer,) = self._permits.reserve([calls], self._pacer.most_seconds_per_call, at_once=False)
        return answer

    def _looked_for_ghosts(self, _result: object, error: Exception | None) -> None:
        self._is_looking_for_ghosts = False
        self.refresh()
        if error is not None:
            raise error

    def _tell_of_an_end(self) -> None:
        job = notices.next_job(self.turn.portal_id, timezone.now())
        if job is None:
            return
        self._is_telling = True
        access = WorkAccess(job.grant, job_id=job.pk)
        self._begin(notices.tell(self.turn, job, access.client), access, self._told_of_an_end)

    def _told_of_an_end(self, _result: object, error: Exception | None) -> None:
        self._is_telling = False
        self.refresh()
        if error is not None:
            raise error

    def _ask_for_license(self, lane: Lane) -> None:
        """Ask for the portal's limits when they are due; where the burst suffices for a job, after its end:
        one request more would cost it half a second.

        Where it has never been told, as by a webhook's portal, that half second is better spent: one
        on-premise would be planned for like a cloud's, and its people wait behind long batches.
        """
        if self._is_asking_for_license or not license_is_due(self._portal):
            return
        is_unknown = not self._portal.license and not lane.is_small
        if is_unknown or lane.job.total > looking.BURST_WORKFLOWS or not lane.job.is_open:
            self._is_asking_for_license = True
            self._begin(_license(lane.access), lane.access, self._told_license)

    def _told_license(self, told: methods.License | None, error: Exception | None) -> None:
        self._is_asking_for_license = False
        if isinstance(error, errors.BitrixError):
            keep_no_license(self._portal, error)
        elif error is not None:
            raise error
        elif told is not None:
            keep_license(self._portal, told)
            self._permits = permits.Permits(self._portal)


def _license(access: WorkAccess) -> Errand[methods.License]:
    """Ask for the portal's licence."""
    told: methods.License = yield partial(methods.license_of, access.client)
    return told
