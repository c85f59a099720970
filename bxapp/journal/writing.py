"""Writing what was taken in: in bulk, by a thread that works with the database anyway.

A pool thread that carries a request must not touch the database, and a statement for each request would slow
the work down. So rows wait in memory until the thread that claims and records work comes by: at the latest
with the first step after a second, at a hundred rows, and at the end of each task, page or command. A
process that is killed loses what waited: the requests of about its last second, or of the one request that
it was waiting for. That is little enough to find a fault by what came before, and nothing but the journal
depends on it: what was done to workflows is in jobs, items and audit log, each committed with its own
transaction, and a call whose end nobody recorded is settled by asking the portal.
"""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError, connection

from bxapp.journal.models import JournalEntry
from bxapp.journal.recording import WAITING

log = logging.getLogger(__name__)

_LATEST_SECONDS = 1.0
_MOST_WAITING = 100


def write_due() -> None:
    """Write the waiting rows if they have waited long enough; costs nothing otherwise."""
    if len(WAITING) >= _MOST_WAITING or WAITING.waited_seconds() >= _LATEST_SECONDS:
        write()


def write() -> bool:
    """Write all waiting rows in bulk; return whether the database was asked.

    Inside a transaction they stay where they are: its failure must not take them along, nor theirs the
    transaction. Never raises.
    """
    if not len(WAITING) or connection.in_atomic_block:
        return False
    entries = WAITING.take()
    try:
        JournalEntry.objects.bulk_create(entries)
    except (OperationalError, InterfaceError) as error:
        WAITING.put_back(entries)
        log.warning("The journal could not be written, it will be tried again: %s", error)
        connection.close_if_unusable_or_obsolete()
    except Exception:
        # The work has been done; that nobody can read about it must not undo it.
        log.exception("%s rows of the journal are lost", len(entries))
    return True
