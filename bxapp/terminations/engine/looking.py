"""The look before the call: who is gone already, who is being executed, who may be stopped now.

``terminate`` of a workflow that is being executed answers ``true`` without an end: the running step saves an
empty entry under the same ID afterwards. So such ones are left alone until they are idle.

Looks run ahead of the calls and are large: 2,500 IDs cost one request, the cheapest form where requests are
scarce. A command for the next fifty inside each batch would take one call in fifty, as much or more. A list
that was read for the choice a moment ago tells the same, and is taken for a look.
"""

from __future__ import annotations

from functools import partial
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix import methods
from bxapp.bitrix.client import LONGEST_BATCH
from bxapp.terminations.jobs import phases, recording, verdicts
from bxapp.terminations.jobs.phases import Phase
from bxapp.terminations.jobs.verdicts import Stopped
from bxapp.terminations.models import Item
from bxapp.terminations.states import JobState, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bxapp.bitrix.client import Client
    from bxapp.terminations.changes import Change
    from bxapp.terminations.jobs.errands import Errand
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Job

# IDs of one look: fifty commands of one request.
LOOK_AHEAD = 2500
_HEAD = 200
# What a cloud portal takes at once, less its share for the people at their screens.
_BURST = 45
BURST_WORKFLOWS = _BURST * LONGEST_BATCH
# Small requests that find the pace of an unknown portal.
_PROBES = 4
# What a look has shown is believed for this long: what resumes later comes back as a ghost, which is stopped
# after the job; a shorter time would cost requests, a longer one make more ghosts. At two full batches a
# second the 2,500 of a look last for 25 seconds, and the next look is made before they are used up.
FRESH_SECONDS = 45.0


def look(turn: HeldTurn, job: Job, client: Client, items: Sequence[Item]) -> Errand[list[Item]]:
    """Ask the portal for the workflows of queued ``items``, record what follows, and return the idle ones.

    Of a cancelled job none is returned. Raises BitrixError, TurnLostError, SupersededError.
    """
    ids = [item.workflow_id for item in items]
    # Asked before the request leaves: whom another job stops in the meantime has not been seen since.
    stopped_before = stopped_by_others(job, ids)
    looked_at = monotonic()
    rows = yield partial(methods.running, client, ids, fields=verdicts.fields_to_see(items))
    rows = verdicts.still_running(rows, items)
    phases.reached(job, Phase.LOOKED)
    now = timezone.now()
    others = stopped_by_others(job, [item.workflow_id for item in items if item.workflow_id not in rows])
    job.refresh_from_db(fields=["state"])
    changes: dict[Item, Change] = {}
    idle: list[Item] = []
    for item in items:
        row = rows.get(item.workflow_id)
        if row is None:
            changes[item] = verdicts.of_gone(item, others.get(item.workflow_id))
        elif job.state == JobState.CANCELLING:
            changes[item] = verdicts.of_cancelled(item, now)
        elif row.is_executing(now):
            changes[item] = verdicts.of_executing(item, now)
        else:
            item.looked_at = looked_at
            item.has_returned = item.workflow_id in stopped_before
            idle.append(item)
            if change := verdicts.of_idle(item, now):
                changes[item] = change
    recording.write(turn, job, changes)
    return idle


def idle_as_listed(job: Job, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Part queued items: those that need no look, because the list that they were chosen from showed them
    idle a moment ago, and the others.

    Such a list is read in the same way, with the same rights, and is believed for as long. Not for a job
    that has to wait or uses the rights of another person: a look tells whether the portal answers. And not
    for a workflow that has been called for, or seen being executed, since.
    """
    is_well = job.state in {JobState.QUEUED, JobState.RUNNING} and not (
        job.blocked_reason or job.failures_in_a_row or job.calls_refused_since
    )
    if not is_well or job.rights_of_id is not None:
        return [], list(items)
    oldest = monotonic() - FRESH_SECONDS
    idle: list[Item] = []
    others: list[Item] = []
    for item in items:
        is_fresh = item.looked_at is not None and item.looked_at >= oldest
        is_untouched = item.sent_at is None and item.executing_since is None
        (idle if is_fresh and is_untouched else others).append(item)
    if idle:
        phases.reached(job, Phase.LOOKED)
    return idle, others


def parts(expected: int, *, is_first: bool, is_known: bool) -> list[int]:
    """Return how many workflows are looked at in each of the next looks of a job with ``expected`` ones left:
    together, or the first ones of a middle-sized job first.

    ``is_known``: whether the portal's pace is, so that no request goes into finding it.

    Where the pace is not known, few go first, so that it is when the rest has been looked at; else a third,
    which are called for while the rest is looked at. More pieces would overlap more, but each is one request
    of the burst less for the calls. Where the burst has none to spare, and for a job that needs many looks
    and is held back by the limit of requests, a look more costs as much as it brings.
    """
    if not (is_first and 2 * _HEAD < expected < LOOK_AHEAD):
        return [LOOK_AHEAD]
    used = 2 + ceil(expected / LONGEST_BATCH) + (0 if is_known else _PROBES)
    if used > _BURST and expected <= BURST_WORKFLOWS:
        return [LOOK_AHEAD]
    head = max(_HEAD, expected // 3) if is_known else _HEAD
    return [head, LOOK_AHEAD - head]


def stopped_by_others(job: Job, workflow_ids: Collection[str]) -> Mapping[str, Stopped]:
    """Return what is known of another job of the portal that terminated the workflow, where one did."""
    if not workflow_ids:
        return {}
    terminated = Item.objects.filter(
        portal_id=job.portal_id, workflow_id__any_of=workflow_ids, outcome=Outcome.TERMINATED
    )
    rows = (
        terminated.exclude(job=job).order_by("pk").values_list("workflow_id", "job_id", "reason", "sent_at")
    )
    return {
        workflow_id: Stopped(job_id, None if reason else sent_at)
        for workflow_id, job_id, reason, sent_at in rows
    }
