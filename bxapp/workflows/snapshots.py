"""Everything that runs at one moment, or what is meant of it, in one go: an exact list, not a wish to find it
later. How it is walked, ``walks`` tells; how it is done in the background for the screen, ``snapshot_steps``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix.client import LONGEST_BATCH
from bxapp.workflows import told_names
from bxapp.workflows.filters import EVERYTHING, NOTHING_KNOWN, Filter
from bxapp.workflows.walks import Walk

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance, WorkflowPage
    from bxapp.workflows.filters import Known

# As many as one confirmation may hold.
LARGEST = 150_000


class TooLarge(Exception):  # noqa: N818  (a finding, no failure)
    """More runs than one selection may hold."""


def take(
    client: Client,
    expected: int = 0,
    *,
    meant: Filter = EVERYTHING,
    known: Known = NOTHING_KNOWN,
    now: datetime | None = None,
    pages_per_request: int = LONGEST_BATCH,
    largest: int = LARGEST,
) -> WorkflowPage:
    """Return what runs and is meant, by ascending ID, as one long page with the names that the portal tells.

    ``expected`` only saves a request: about how many there will be. ``known``: what the filter needs to be
    known. ``now``: from when its ages count.

    Raises TooLarge, and BitrixError when any part of the list could not be had: a list with a gap is none.
    """
    walk = Walk(
        client,
        now or timezone.now(),
        meant=meant,
        known=known,
        expected=expected,
        pages_per_request=pages_per_request,
    )
    found: list[Instance] = []
    unreadable = 0
    while not walk.is_over:
        step = walk.step()
        found += step.found
        unreadable += step.unreadable
        if len(found) > largest:
            raise TooLarge
    return told_names.add(client, tuple(found), unreadable)
