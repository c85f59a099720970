"""The journal's end: rows are kept as long as the Market's rules ask, and a little longer."""

from __future__ import annotations

import time

from django.conf import settings
from django.utils import timezone

from bxapp.journal.models import JournalEntry

CHUNK = 1000
_LONGEST_SECONDS = 20.0


def prune(chunk: int = CHUNK) -> int:
    """Delete rows older than JOURNAL_KEPT, oldest first; return how many.

    In small chunks, each a short transaction, so that no other writer waits for long; what is left after 20
    seconds is the next run's.
    """
    until = timezone.now() - settings.JOURNAL_KEPT
    old = JournalEntry.objects.filter(at__lt=until).order_by("at").values_list("pk", flat=True)
    give_up_at = time.monotonic() + _LONGEST_SECONDS
    pruned = 0
    while time.monotonic() < give_up_at and (keys := list(old[:chunk])):
        pruned += JournalEntry.objects.filter(pk__in=keys).delete()[0]
    return pruned
