"""Outcomes that nobody heard, or that were an error: ask the portal's list, never guess."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from bxapp.bitrix import methods
from bxapp.terminations.engine.looking import stopped_by_others
from bxapp.terminations.jobs import recording, verdicts
from bxapp.terminations.models import Item
from bxapp.terminations.states import Doubt, ItemState, JobState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from bxapp.bitrix.client import Client
    from bxapp.terminations.changes import Change, Requeued
    from bxapp.terminations.jobs.errands import Errand
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Job


def adopt_orphans(turn: HeldTurn) -> None:
    """Mark every SENT item of the portal as in doubt: the process that sent it has lost the turn.

    Call it right after taking the turn; the process before can record nothing of them any more.
    """
    with transaction.atomic():
        turn.confirm()
        sent = Item.objects.filter(portal_id=turn.portal_id, state=ItemState.SENT).select_related("job")
        orphans: dict[int, list[Item]] = defaultdict(list)
        for item in sent.order_by("job_id", "position"):
            orphans[item.job_id].append(item)
        for items in orphans.values():
            recording.apply(recording.lock(items[0].job), {item: verdicts.of_orphan(item) for item in items})


def settle(turn: HeldTurn, job: Job, client: Client, items: Sequence[Item]) -> Errand[None]:
    """Ask the portal for the workflows of ``items`` in doubt, all of one job, and record what follows.

    Raises BitrixError (they stay in doubt), TurnLostError, SupersededError.
    """
    ids = [item.workflow_id for item in items]
    rows = yield partial(methods.running, client, ids, fields=verdicts.fields_to_see(items))
    rows = verdicts.still_running(rows, items)
    now = timezone.now()
    others = stopped_by_others(job, [item.workflow_id for item in items if item.workflow_id not in rows])
    job.refresh_from_db(fields=["state"])
    suspects = _suspects(job, [item for item in items if item.workflow_id in rows])
    changes: dict[Item, Change] = {
        item: suspects.get(item)
        or verdicts.of_doubt(item, rows.get(item.workflow_id), job.state, now, others.get(item.workflow_id))
        for item in items
    }
    recording.write(turn, job, changes)


def _suspects(job: Job, there: Sequence[Item]) -> dict[Item, Requeued]:
    """Return what becomes of those still there of each batch that ended in a server error."""
    if job.state == JobState.CANCELLING:
        return {}
    batches: dict[UUID | None, list[Item]] = defaultdict(list)
    for item in there:
        if item.doubt in {Doubt.SERVER_FAILED, Doubt.GATEWAY_FAILED} and not verdicts.failure_of(item):
            batches[item.lease].append(item)
    now = timezone.now()
    return {
        item: change
        for batch in batches.values()
        for item, change in verdicts.of_broken_batch(batch, now).items()
    }
