"""Reading everything that a filter means, in the background: an exact list of IDs, as of one moment.

What has been read is committed after each request, with the key from which it goes on; whoever holds the
lease reads. That is a Celery task as a rule. Its message may be lost, its worker dead: then the person's
page, which asks how far it is anyway, goes on with the reading itself (``snapshot_views``). Nothing is read
twice, and a part that could not be had makes the whole fail: a list with a gap is none.
"""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from celery import current_app
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError

from bxapp.bitrix import errors, transport
from bxapp.portals.grants import reading_client_for
from bxapp.portals.sessions import Actor, Channel
from bxapp.web import refusals
from bxapp.web.middleware import zone_of
from bxapp.workflows import keeping, protected, resolving, rows, told_names
from bxapp.workflows.filter_query import parse
from bxapp.workflows.models import KeptSelection, Snapshot
from bxapp.workflows.names import is_still_there
from bxapp.workflows.selection import SelectionNotOurs
from bxapp.workflows.snapshots import LARGEST
from bxapp.workflows.walks import Walk

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from bxapp.bitrix.client import Client
    from bxapp.portals.models import Portal
    from bxapp.workflows.walks import Step

READ_SNAPSHOT = "bxapp.workflows.tasks.read_snapshot"
# Reasons beside those of ``web.refusals``.
TOO_LARGE = "too_large"
REMOVED = "removed"
INCOMPLETE = "incomplete"

# A task reads for so long, and then lets others have its place: two of them serve all portals.
TASK_SECONDS = 20.0
# Longer than one request can take; confirmed again before the next.
_LEASE = timedelta(seconds=transport.TOTAL_SECONDS + 10)
# A little less than a batch holds, so that all names of these rows go into one other batch.
_PAGES_PER_REQUEST = 44
# Workflows that wait for somebody: as many as are read at all.
_MOST_AWAITED = LARGEST
# After so many failures in a row that another try might have cured, it is over.
_MOST_FAILURES = 6
_LONGEST_PAUSE_SECONDS = 15.0

log = logging.getLogger(__name__)


class _LeaseLost(Exception):  # noqa: N818  (not an error: somebody else reads, or nobody is to)
    """Cancelled, removed, or taken over by another reader."""


def begin(actor: Actor, query: str, expected: int = 0) -> Snapshot:
    """Return a new snapshot of what the filter of ``query`` means now, of which nothing has been read yet.

    ``expected``: about how many there will be. Raises SelectionNotOurs when the portal has removed the
    application meanwhile.
    """
    now = timezone.now()
    with transaction.atomic():
        return Snapshot.objects.create(
            portal=actor.portal,
            grant=actor.grant,
            selection=keeping.begin(actor.portal, as_of=now, read_at=Now()),
            query=query,
            expected=expected,
            progress_at=now,
        )


def wake(snapshot: Snapshot, delay_seconds: float = 0.0) -> None:
    """Ask a worker to read; a broker that does not take the message is logged, and the page reads."""
    try:
        current_app.send_task(
            READ_SNAPSHOT, args=[snapshot.pk], countdown=delay_seconds or None, expires=300, retry=False
        )
    except (OperationalError, OSError) as error:
        log.warning("No message for snapshot %s, its page will read it: %s", snapshot.pk, error)


def of_portal(portal: Portal, reference: str) -> Snapshot:
    """Return the snapshot with the reference of its list; raises SelectionNotOurs when there is none."""
    known = Snapshot.objects.filter(portal=portal, selection__reference=reference[:64])
    found = known.select_related("selection", "grant", "portal").first()
    if found is None:
        raise SelectionNotOurs
    return found


def cancel(snapshot: Snapshot) -> None:
    """End the reading; what was read is forgotten. One that is over stays as it is."""
    reading = Snapshot.objects.filter(pk=snapshot.pk, state=Snapshot.State.READING)
    with transaction.atomic():
        if reading.update(state=Snapshot.State.CANCELLED, holder=None, until=None):
            KeptSelection.objects.filter(pk=snapshot.selection_id).delete()


def read(snapshot_id: int, within_seconds: float) -> None:
    """Go on with a snapshot for about so long, as far as nobody else does; returns when there is no more.

    A failure is noted with the snapshot: another try follows where that may help.
    """
    holder = uuid.uuid4()
    now = timezone.now()
    free = Q(holder=None) | Q(until__lt=now)
    due = Q(not_before=None) | Q(not_before__lte=now)
    claimed = Snapshot.objects.filter(free & due, pk=snapshot_id, state=Snapshot.State.READING)
    if not claimed.update(holder=holder, until=now + _LEASE):
        return
    known = Snapshot.objects.select_related("selection", "grant__portal", "portal")
    if (snapshot := known.filter(pk=snapshot_id).first()) is None:
        # Cancelled, or the portal removed the application, a moment ago.
        return
    own = Snapshot.objects.filter(pk=snapshot_id, holder=holder, state=Snapshot.State.READING)
    try:
        _Reader(snapshot, own).read(time.monotonic() + within_seconds)
    except errors.BitrixError as error:
        _note_failure(snapshot, own, error)
    except _Incomplete:
        own.update(state=Snapshot.State.FAILED, reason=INCOMPLETE)
    except SelectionNotOurs:
        own.update(state=Snapshot.State.FAILED, reason=REMOVED)
    except _LeaseLost:
        return
    except Exception:
        own.update(state=Snapshot.State.FAILED, reason=refusals.RefusalReason.FAILED)
        raise
    finally:
        own.update(holder=None, until=None)


class _Incomplete(Exception):  # noqa: N818  (a finding, no failure)
    """What the filter needs to know could not be read as a whole: the list would have a gap."""


class _Reader:
    """One holder of the lease at work. ``own`` is the snapshot's row as long as the lease is held."""

    def __init__(self, snapshot: Snapshot, own: QuerySet[Snapshot]) -> None:
        self._snapshot = snapshot
        self._own = own
        self._row = snapshot.selection
        self._as_of = self._row.as_of or timezone.now()
        # Without the texts of its own moment: nothing of it is shown before it is asked for by a person.
        self._actor = Actor(snapshot.portal, snapshot.grant, Channel.FRAME)
        self._client: Client = reading_client_for(snapshot.grant)
        # Whose names were asked for by this reader; they are known from then on, or nobody knows them.
        self._named = told_names.Named()

    def read(self, ends_at: float) -> None:
        """Raises BitrixError, SelectionNotOurs, _Incomplete, _LeaseLost."""
        snapshot = self._snapshot
        with timezone.override(zone_of(snapshot.grant.time_zone)):
            meant = parse(snapshot.query).filter
        known = resolving.resolve(self._client, snapshot.portal, meant, most_awaited=_MOST_AWAITED)
        if not known.is_complete:
            # A part of those that wait would be a list with a gap.
            raise _Incomplete
        walk = Walk(
            self._client,
            self._as_of,
            meant=meant,
            known=known,
            expected=snapshot.expected,
            last_id=snapshot.last_id,
            top_id=snapshot.top_id,
            seen=keeping.ids_of(self._row),
            pages_per_request=_PAGES_PER_REQUEST,
        )
        while True:
            self._take(walk, walk.step())
            if walk.is_over or self._row.count > LARGEST or time.monotonic() >= ends_at:
                return

    def _take(self, walk: Walk, step: Step) -> None:
        guarded = protected.numbers(self._snapshot.portal)
        chosen = tuple(one for one in step.found if one.template_id not in guarded)
        if not self._own.update(until=timezone.now() + _LEASE):
            raise _LeaseLost
        # Names are asked for here, part by part: afterwards nobody waits for all of them at once.
        page = told_names.add(self._client, chosen, step.unreadable, self._named)
        workflows = [line.workflow for line in rows.assemble(self._actor, page, self._as_of)]
        now = timezone.now()
        with transaction.atomic():
            if not is_still_there(self._snapshot.portal):
                raise SelectionNotOurs
            changed = self._own.update(
                expected=walk.expected,
                read=F("read") + step.rows,
                unreadable=F("unreadable") + step.unreadable,
                left_out=F("left_out") + len(step.found) - len(chosen),
                last_id=walk.last_id,
                top_id=walk.top_id,
                until=now + _LEASE,
                progress_at=now,
                failures_in_a_row=0,
                not_before=None,
            )
            if not changed:
                raise _LeaseLost
            keeping.add(self._row, workflows)
            if self._row.count > LARGEST:
                self._own.update(state=Snapshot.State.FAILED, reason=TOO_LARGE)
            elif walk.is_over:
                keeping.complete(self._row)
                self._own.update(state=Snapshot.State.DONE)


def _note_failure(snapshot: Snapshot, own: QuerySet[Snapshot], error: errors.BitrixError) -> None:
    log.warning("Snapshot %s of portal %s: %s", snapshot.pk, snapshot.portal_id, error)
    failures = snapshot.failures_in_a_row + 1
    may_pass = isinstance(error, errors.TryLater | errors.Unheard)
    may_pass = may_pass and not isinstance(error, errors.OperatingLimited)
    if may_pass and failures < _MOST_FAILURES:
        told = error.retry_after_seconds if isinstance(error, errors.TryLater) else None
        pause = min(_LONGEST_PAUSE_SECONDS, max(told or 0.0, 2.0 ** (failures - 1)))
        own.update(failures_in_a_row=failures, not_before=timezone.now() + timedelta(seconds=pause))
        return
    refusal = refusals.of_error(error)
    own.update(
        state=Snapshot.State.FAILED,
        reason=refusal.reason,
        portal_words=refusal.portal_words,
        reset_at=error.reset_at if isinstance(error, errors.OperatingLimited) else None,
    )


def read_in_turn(snapshot_id: int) -> None:
    """Read for the length of a task's turn, and ask for another turn where there is more."""
    read(snapshot_id, TASK_SECONDS)
    with suppress(Snapshot.DoesNotExist):
        snapshot = Snapshot.objects.get(pk=snapshot_id)
        if snapshot.state == Snapshot.State.READING and snapshot.holder is None:
            pause = (snapshot.not_before or timezone.now()) - timezone.now()
            wake(snapshot, max(0.0, pause.total_seconds()))
