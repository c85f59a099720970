"""A run: the work for one portal while its turn is held, a stretch of it at a time.

Each step commits before a request leaves and after its answer came, so that a process may end anywhere. A run
never sleeps: what has to wait is left with its moment, and a wake-up for it.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix import errors
from bxapp.journal import writing
from bxapp.portals.grants import client_for
from bxapp.terminations import (
    blocking,
    claiming,
    ghosts,
    looking,
    removal,
    sending,
    settling,
    turns,
    waking,
)
from bxapp.terminations.recording import SupersededError
from bxapp.terminations.states import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bxapp.bitrix.client import Client
    from bxapp.terminations.models import Item, Job
    from bxapp.terminations.turns import HeldTurn

logger = logging.getLogger(__name__)

# A run hands back its worker after this time, so that a big job does not keep other portals waiting.
SLICE_SECONDS = 15.0
# What a look has shown is believed for this long.
_FRESH_SECONDS = 20.0
_AFTER_LEASE = timedelta(seconds=0.5)


def work(portal_id: int) -> None:
    """Do what is due for a portal, for a slice of time at most, and leave a wake-up for what remains.

    While another run holds the portal's turn there is nothing to do, because that one looks again after its
    release; unless it has died, so a wake-up is left for the end of its lease.
    """
    turn = turns.take(portal_id)
    if turn is None:
        if (until := turns.held_until(portal_id)) is not None:
            waking.wake_at(portal_id, until + _AFTER_LEASE)
        return
    try:
        _work(turn, until=monotonic() + SLICE_SECONDS)
    except turns.TurnLostError as lost:
        logger.warning("%s", lost)
    finally:
        turn.release()
    # After the release: what was queued since the last look found the turn taken.
    moment = claiming.next_moment(portal_id, timezone.now())
    if moment is not None:
        waking.wake_at(portal_id, moment)


def _work(turn: HeldTurn, *, until: float) -> None:
    settling.adopt_orphans(turn)
    removal.end_void_jobs(turn)
    while monotonic() < until:
        writing.write_due()
        now = timezone.now()
        if (finished := ghosts.next_job(turn.portal_id, now)) is not None:
            ghosts.look(turn, finished)
        elif (job := claiming.next_job(turn.portal_id, now)) is not None:
            _step(turn, job, until)
        else:
            return


def _step(turn: HeldTurn, job: Job, until: float) -> None:
    """Settle what is in doubt, or else look at what comes next and send it in batches."""
    now = timezone.now()
    try:
        client = client_for(job.grant, job_id=job.pk)
        if unsure := claiming.due_unsure(job, now, looking.LOOK_AHEAD):
            settling.settle(turn, job, client, unsure)
            blocking.answered(turn, job)
        elif queued := claiming.due_queued(job, now, looking.LOOK_AHEAD):
            idle = looking.look(turn, job, client, queued)
            blocking.answered(turn, job)
            _send(turn, job, client, idle, until=min(until, monotonic() + _FRESH_SECONDS))
    except errors.BitrixError as error:
        blocking.block(turn, job, error)
    except SupersededError:
        logger.info("Items of job %s changed meanwhile; reading them again", job.pk)


def _send(turn: HeldTurn, job: Job, client: Client, idle: Sequence[Item], *, until: float) -> None:
    """Send ``idle`` items in batches until one has to wait, was not heard, or something smaller is due."""
    place = 0
    while place < len(idle) and monotonic() < until:
        first = idle[place]
        following = idle[place : place + sending.batch_size(first)]
        batch = [item for item in following if item.batch_limit == first.batch_limit]
        place += len(batch)
        if not sending.send(turn, job, client, claiming.claim(turn, job, batch)):
            return
        writing.write_due()
        following_job = claiming.next_job(turn.portal_id, timezone.now())
        if following_job is None or following_job.pk != job.pk or following_job.state != JobState.RUNNING:
            return
