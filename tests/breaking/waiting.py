"""Waiting until a run is over: every job is finished, or waits for something that it names."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.breaking.ledger import FOR_A_PERSON, portal_ids, read_jobs, read_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.breaking.battle import Battle
    from tests.breaking.ledger import ItemRow, JobRow

# After everything was mended: leases of 20 s, sweeps of 10 s, attempts after 5 and 30 s, and 135 s for a call
# of a cancelled job that may still be at work.
PATIENCE_SECONDS = 240.0
# How far beyond that a moment which a job names may lie.
_LONGER = 60.0
_SMALLEST_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Rest:
    """How a run came to rest: jobs that wait honestly, and those that should have gone on."""

    seconds: float
    waiting: Mapping[int, str]
    stuck: Mapping[int, str]


def wait_for_rest(battle: Battle, patience: float = PATIENCE_SECONDS) -> Rest:
    """Wait until every job of the run is at rest; people who are needed open the application again."""
    began = time.monotonic()
    members = {camp.control.portal()["member_id"]: camp for camp in battle.camps.values()}
    portals = portal_ids(battle.field, members)
    opened: dict[int, float] = {}
    while True:
        battle.supervise()
        jobs = read_jobs(battle.field, portals.values())
        open_jobs = [job for job in jobs.values() if not job.is_finished]
        waited = time.monotonic() - began
        if not open_jobs and time.time() > battle.quiet_at and not _unsettled(battle, jobs):
            return Rest(waited, {}, {})
        if waited > patience:
            verdicts = {job.id: _honest(battle, job) for job in open_jobs}
            late = {
                job.id: "its look for what came back is long overdue"
                for job in _unsettled(battle, jobs)
                if (job.ghosts_due_at or 0.0) < time.time() - _LONGER
            }
            return Rest(
                waited,
                {job_id: told for job_id, (honest, told) in verdicts.items() if honest},
                {job_id: told for job_id, (honest, told) in verdicts.items() if not honest} | late,
            )
        for job in open_jobs:
            if job.blocked_reason in FOR_A_PERSON and time.monotonic() - opened.get(job.id, 0.0) > 10:
                opened[job.id] = time.monotonic()
                camp = next(camp for member, camp in members.items() if portals[member] == job.portal_id)
                battle.note(f"user {job.user_id} of portal {camp.plan.place} opens again for job {job.id}")
                camp.people[job.user_id].open_again()
        time.sleep(_SMALLEST_STEP)


def _unsettled(battle: Battle, jobs: Mapping[int, JobRow]) -> list[JobRow]:
    """Return finished jobs that still have to look for something which has come back in the portal."""
    looking = [job for job in jobs.values() if job.is_finished and job.looks_soon]
    if not looking:
        return []
    there = {
        one
        for camp in battle.camps.values()
        for one, told in camp.control.workflows().items()
        if told["in_list"]
    }
    if not there:
        return []
    items = read_ledger(battle.field, {job.portal_id for job in looking}).items
    return [job for job in looking if any(_may_be_back(item, there) for item in items[job.id])]


def _may_be_back(item: ItemRow, there: set[str]) -> bool:
    return item.workflow_id in there and item.outcome == "terminated"


def _honest(battle: Battle, job: JobRow) -> tuple[bool, str]:
    """Return whether an unfinished job names what it waits for, and what it names."""
    now = time.time()
    told = f"{job.state}, {job.blocked_reason or 'no reason'}"
    moments = [] if job.not_before is None else [job.not_before]
    if job.blocked_reason and job.not_before is not None and job.not_before > now - _LONGER:
        return True, f"{told}, goes on in {job.not_before - now:.0f} s"
    ledger = read_ledger(battle.field, {job.portal_id})
    items = ledger.items
    unfinished = [item for item in items[job.id] if item.state != "done"]
    # A workflow that another job has called for: the outcome of that call comes first, and has its moment.
    held = {
        item.workflow_id: item.not_before or ledger.jobs[job_id].not_before or 0.0
        for job_id, others in items.items()
        for item in others
        if job_id != job.id and item.state == "unsure"
    }
    waits = [max(item.not_before or 0.0, held.get(item.workflow_id, 0.0)) for item in unfinished]
    moments += [wait for wait in waits if wait]
    if unfinished and all(wait > now - _LONGER for wait in waits):
        return True, f"{told}, its {len(unfinished)} items wait, the first for {min(moments) - now:.0f} s"
    states = sorted({item.told for item in unfinished})
    return False, f"{told}, {len(unfinished)} items {', '.join(states)}"
