"""Jobs of an installation that has ended: they never go on, not even after the next installation."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Q

from bxapp.portals.models import Portal
from bxapp.terminations import waking
from bxapp.terminations.changes import Ending
from bxapp.terminations.jobs import recording, verdicts
from bxapp.terminations.models import Job
from bxapp.terminations.states import ItemState, JobState, Outcome, Reason

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from bxapp.terminations.jobs.turns import HeldTurn

_CHUNK = 500
VOID = ~Q(portal__state=Portal.State.INSTALLED) | ~Q(installation=F("portal__installation"))


def portal_removed(portal: Portal, **_signal: Any) -> None:
    """Have the jobs of a removed portal ended soon after the removal is committed.

    Not inside its transaction: that holds the portal's row, which every audit entry needs, so a run in the
    middle of recording and the removal would wait for each other.
    """
    transaction.on_commit(lambda: waking.wake(portal.pk))


def void_jobs(portal_id: int) -> QuerySet[Job]:
    """Return the open jobs of a portal that belong to an installation which has ended."""
    return Job.objects.exclude(state=JobState.FINISHED).filter(VOID, portal_id=portal_id)


def end_void_jobs(turn: HeldTurn) -> None:
    """End the void jobs of the turn's portal.

    What no call can have stopped is cancelled. What is in doubt, or was called for without an answer and not
    seen still there since, fails with the reason that nobody could hear what came of it: the portal does not
    answer this application any more. What is under way is left to its answer, which the turn's holder still
    records. Raises TurnLostError.
    """
    for job in void_jobs(turn.portal_id):
        ends = job.items.filter(state__in=[ItemState.QUEUED, ItemState.UNSURE])
        while items := list(ends.order_by("position")[:_CHUNK]):
            ending = Ending(Outcome.CANCELLED, Reason.UNINSTALLED)
            # Where somebody has just cancelled the job, what that left is read anew.
            with suppress(recording.SupersededError):
                recording.write(turn, job, {item: verdicts.of_lost_portal(item, ending) for item in items})
    void = Job.objects.filter(VOID, portal_id=turn.portal_id, notice_due_at__isnull=False)
    void.update(notice_due_at=None)
