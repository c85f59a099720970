"""What is written about workflows that came back: seen by a look, called for, not stopped.

Only the holder of the portal's turn writes it; the job has finished. What writes raises TurnLostError.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.portals.clocks import from_now
from bxapp.terminations.jobs import recording
from bxapp.terminations.jobs.verdicts import CALL_IS_OVER
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from django.db.models import QuerySet

    from bxapp.terminations.jobs.turns import HeldTurn

# A call for what was there, of which nothing was heard (as :func:`may_be_at_work` asks of one item).
_UNHEARD = Q(ghost_calls__gt=0, sent_at__gt=F("ghost_seen_at"))


def looked_for(job: Job) -> QuerySet[Item]:
    """Return the items that a call stopped, or may have stopped before it was answered with an error."""
    return (job.items.filter(outcome=Outcome.TERMINATED) | recording.after_error(job.items.all())).order_by(
        "position"
    )


def came_back(job: Job) -> QuerySet[Item]:
    return job.items.filter(outcome=Outcome.TERMINATED, reason=Reason.CAME_BACK)


def first_seen(job: Job, back: Iterable[Item]) -> dict[str, datetime]:
    """Return when each of ``back`` was found to have come back, by workflow; without those found now.

    The audit log has it, and is asked for few. When the job ended tells nothing of it: the portal or the
    worker may have been away since.
    """
    known = [item.workflow_id for item in back if item.reason == Reason.CAME_BACK]
    if not known:
        return {}
    entries = AuditEntry.objects.filter(
        portal_id=job.portal_id,
        workflow_id__any_of=known,
        job_id=job.pk,
        kind=AuditEntry.Kind.GHOST,
        reason=Reason.CAME_BACK,
    )
    return dict(entries.values_list("workflow_id", "at"))


def note_who_is_there(turn: HeldTurn, job: Job, known: Sequence[str], rows: Container[str]) -> None:
    """Note which of those that are known to have come back a look shows, and which are gone."""
    if not known:
        return
    there = [workflow_id for workflow_id in known if workflow_id in rows]
    gone = [workflow_id for workflow_id in known if workflow_id not in rows]
    now = timezone.now()
    known_here = came_back(job)
    with transaction.atomic():
        turn.confirm()
        if there:
            found = known_here.filter(workflow_id__any_of=there)
            # That it is there says nothing of a call that may still be at work.
            found.exclude(_UNHEARD, sent_at__gt=now - CALL_IS_OVER).update(ghost_seen_at=now)
        if gone:
            known_here.filter(workflow_id__any_of=gone).update(ghost_seen_at=None)


def count(turn: HeldTurn, called: Sequence[Item]) -> None:
    """Note calls before they leave."""
    with transaction.atomic():
        turn.confirm()
        _update(called, ghost_calls=F("ghost_calls") + 1, sent_at=timezone.now())


def note_answers(turn: HeldTurn, confirmed: Sequence[Item], failed: Sequence[Item]) -> None:
    """Note which calls the portal has confirmed, and which it has answered with an error: those are over too,
    and what they were for is taken to be there as before.
    """
    with transaction.atomic():
        turn.confirm()
        _update(confirmed, ghost_seen_at=None)
        _update(failed, ghost_seen_at=timezone.now())


def take_back(turn: HeldTurn, called: Sequence[Item]) -> None:
    """Note that calls were surely not carried out: all is as before :func:`count`, as the items were read."""
    with transaction.atomic():
        turn.confirm()
        Item.objects.bulk_update(called, ["ghost_calls", "ghost_seen_at", "sent_at"])


def may_be_at_work(item: Item, now: datetime) -> bool:
    """Say whether the portal may be at work on a call of which nothing was heard: the next look tells."""
    if not item.ghost_calls or item.ghost_seen_at is None or item.sent_at is None:
        return False
    return item.sent_at > item.ghost_seen_at and item.sent_at > now - CALL_IS_OVER


def amend(turn: HeldTurn, job: Job, found: Mapping[Reason, Sequence[Item]]) -> None:
    """Write down which came back, to be stopped again, and of which others nobody can say that they are."""
    now = timezone.now()
    amended = [(item, reason) for reason, items in found.items() for item in items]
    with transaction.atomic():
        turn.confirm()
        locked = recording.lock(job)
        for reason, items in found.items():
            _update(items, outcome=_outcome(reason), reason=reason)
        new = found.get(Reason.CAME_BACK, ())
        _update(new, ghost_seen_at=now)
        for item in new:
            item.ghost_seen_at = now
        before = Counter(item.outcome for item, _ in amended)
        after = Counter(_outcome(reason) for _, reason in amended)
        Job.objects.filter(pk=job.pk).update(
            terminated=F("terminated") + after[Outcome.TERMINATED] - before[Outcome.TERMINATED],
            already_finished=F("already_finished") - before[Outcome.ALREADY_FINISHED],
            failed=F("failed") + after[Outcome.FAILED],
        )
        log.append(
            log.entry(
                locked.portal,
                AuditEntry.Kind.GHOST,
                at=now,
                outcome=_outcome(reason),
                reason=reason,
                message=item.message,
                **recording.about(locked, item),
            )
            for item, reason in amended
        )


def give_up(turn: HeldTurn, job: Job) -> None:
    """Look no more. What was there last has not been stopped; nobody knows where an unheard call followed."""
    shown = came_back(job).filter(ghost_seen_at__isnull=False)
    found = {
        Reason.CAME_BACK_STAYS: list(shown.exclude(_UNHEARD)),
        Reason.NEVER_HEARD: list(shown.filter(_UNHEARD)),
    }
    amend(turn, job, found)
    note_next_look(turn, job, None)


def note_next_look(turn: HeldTurn, job: Job, wait: timedelta | None) -> None:
    with transaction.atomic():
        turn.confirm()
        Job.objects.filter(pk=job.pk).update(ghosts_due_at=from_now(wait) if wait is not None else None)


def _outcome(reason: Reason) -> Outcome:
    return Outcome.TERMINATED if reason == Reason.CAME_BACK else Outcome.FAILED


def _update(items: Sequence[Item], **values: object) -> None:
    if items:
        Item.objects.filter(pk__in=[item.pk for item in items]).update(**values)
