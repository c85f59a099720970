"""Writing what was taken in: in bulk, by a thread that works with the database anyway.

A pool thread that carries a request must not touch the database, and a statement for each request would slow
the work down. So rows wait in memory until the thread that claims and records work comes by: at the latest
with the first step after a second, at a hundred rows, and at the end of each task, page or command. A
process that is killed loses what waited: the requests answered in about its last second, and those that it
was waiting for. That is little enough to find a fault by what came before. What was done to workflows
does not depend on it: that is in jobs, items and audit log, each committed with its own transaction, and a
call whose end nobody recorded is settled by asking the portal. Only where all of Redis was lost one reads
here how much a portal was asked lately, and allows for what is missing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection

from bxapp.journal.models import JournalEntry
from bxapp.journal.recording import WAITING

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)

_LATEST_SECONDS = 1.0
_MOST_WAITING = 100
# What a single row can cause: a database that refuses its content, or Python that cannot put it in writing.
_UNFIT = (DataError, IntegrityError, ValueError, TypeError, OverflowError, RecursionError)


def write_due() -> None:
    """Write the waiting rows if they have waited long enough; costs nothing otherwise."""
    if len(WAITING) >= _MOST_WAITING or WAITING.waited_seconds() >= _LATEST_SECONDS:
        write()


def write() -> bool:
    """Write all waiting rows in bulk; return whether the database was asked.

    Inside a transaction they stay where they are: its failure must not take them along, nor theirs the
    transaction. A row that the database can never hold is lost alone. Never raises.
    """
    if not len(WAITING) or connection.in_atomic_block:
        return False
    parts = [WAITING.take()]
    while parts:
        part = parts.pop(0)
        try:
            _store(part)
        except (OperationalError, InterfaceError) as error:
            WAITING.put_back([entry for each in (part, *parts) for entry in each])
            log.warning("The journal could not be written, it will be tried again: %s", error)
            connection.close_if_unusable_or_obsolete()
            break
        except _UNFIT as error:
            # One row must not take the others along, which may be other portals': halves find it soonest.
            if len(part) == 1:
                log.error("A row of the journal is lost (%s): %s", type(error).__name__, part[0])
            else:
                half = len(part) // 2
                parts[:0] = [part[:half], part[half:]]
        except Exception:
            # The work has been done; that nobody can read about it must not undo it.
            log.exception("%s rows of the journal are lost", len(part))
    return True


def _store(entries: Sequence[JournalEntry]) -> None:
    """Store all or none."""
    for entry in entries:
        # Rows that were taken back with others have a number, which may be somebody else's by now.
        entry.pk = None
        entry._state.adding = True
    JournalEntry.objects.bulk_create(entries)
