"""Telling the person who confirmed a job that it has ended, in the portal: once, or not at all.

Only for jobs that took longer than somebody looks on, and only where the portal gave the application the
permission ``im``, which it is never asked for. The request is the engine's, with the priority of its work,
and nothing depends on it. Before it leaves, the job is noted as told, so that no crash and no lost answer
ever leads to a second one; what gets lost in between is not told.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext

from bxapp.bitrix import errors
from bxapp.bitrix.methods import notifications
from bxapp.portals import preferences
from bxapp.portals.models import AccessGrant, Portal
from bxapp.terminations.jobs import summaries
from bxapp.terminations.models import Job
from bxapp.web.middleware import supported_language

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.bitrix.client import Client
    from bxapp.terminations.jobs.errands import Errand
    from bxapp.terminations.jobs.turns import HeldTurn

logger = logging.getLogger(__name__)

# Of a shorter job its person has seen the end.
LONG = timedelta(minutes=1)
# Older news are none: after a day without the portal nobody is told any more.
_GIVE_UP = timedelta(hours=12)
_POSTPONED = timedelta(minutes=2)


def due_at(job: Job, now: datetime) -> datetime | None:
    """Return when to tell of a job that ends ``now``; None when nobody is to be told."""
    is_long = now - job.created_at > LONG
    return now if is_long and _may_be_told(job) else None


def next_job(portal_id: int, now: datetime) -> Job | None:
    """Return a finished job of the portal of whose end somebody is to be told now."""
    due = Job.objects.filter(portal_id=portal_id, notice_due_at__lte=now)
    return due.select_related("portal", "grant__portal").order_by("notice_due_at").first()


def tell(turn: HeldTurn, job: Job, client: Client) -> Errand[None]:
    """Tell the job's person of its end; what the portal refused before doing anything is tried again.

    Raises TurnLostError.
    """
    if not _take(turn, job):
        return
    try:
        is_told = yield partial(
            notifications.notify, client, job.created_by_id, text_of(job), tag=f"job-{job.pk}"
        )
    except errors.TryLater as error:
        # Nothing was executed, so there is no second one.
        logger.info("Telling of the end of job %s is postponed: %s", job.pk, error)
        _postpone(turn, job)
    except errors.BitrixError as error:
        logger.info("Nobody is told of the end of job %s: %s", job.pk, error)
    else:
        if not is_told:
            logger.info("The portal did not pass on that job %s has ended", job.pk)


def text_of(job: Job) -> str:
    """Return what is told, in the language that the job's person chose, else that of their portal."""
    known = AccessGrant.objects.filter(portal=job.portal_id, user_id=job.created_by_id)
    grant = known.select_related("preference").first()
    language = (preferences.of(grant).language or grant.language) if grant else ""
    with translation.override(supported_language(language or job.portal.language)):
        return gettext("Job no. %(number)s has ended: %(summary)s") % {
            "number": job.pk,
            "summary": summaries.sentence(job),
        }


def _may_be_told(job: Job) -> bool:
    portal = job.portal
    return (
        notifications.SCOPE in (portal.scope or ())
        and portal.kind == Portal.Kind.APPLICATION
        and portal.state == Portal.State.INSTALLED
        and portal.installation == job.installation
    )


def _take(turn: HeldTurn, job: Job) -> bool:
    """Note that somebody is being told; return whether anybody is to be."""
    with transaction.atomic():
        turn.confirm()
        taken = Job.objects.filter(pk=job.pk, notice_due_at__isnull=False).update(notice_due_at=None)
    return bool(taken) and _may_be_told(job) and _is_news(job)


def _postpone(turn: HeldTurn, job: Job) -> None:
    if _is_news(job):
        with transaction.atomic():
            turn.confirm()
            Job.objects.filter(pk=job.pk).update(notice_due_at=timezone.now() + _POSTPONED)


def _is_news(job: Job) -> bool:
    return job.finished_at is not None and timezone.now() - job.finished_at < _GIVE_UP
