"""Exact lists of chosen workflows, kept for a day while somebody decides; the browser carries a reference.

A list of ten thousand signed rows would go back and forth four times otherwise, and once more for each letter
of the message. A reference is good in the portal where the list was made.
"""

from __future__ import annotations

import json
import secrets
import zlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from bxapp.workflows.models import KeptSelection
from bxapp.workflows.names import is_still_there
from bxapp.workflows.selection import SelectedWorkflow, SelectionNotOurs, listed, workflow_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bxapp.portals.models import Portal

KEPT_FOR = timedelta(days=1)
# How many can be named without unpacking all.
HEAD = 5


@dataclass
class Kept:
    """A list as it was kept: ``workflows`` is read when it is asked for, ``head`` its first ones."""

    reference: str
    count: int
    head: Sequence[SelectedWorkflow]
    _content: bytes

    @cached_property
    def workflows(self) -> list[SelectedWorkflow]:
        return [workflow_of(values) for values in json.loads(zlib.decompress(self._content))]


def keep(portal: Portal, workflows: Iterable[SelectedWorkflow]) -> Kept:
    """Keep a list, each workflow once, and return it with its reference; drops lists that are too old.

    Raises SelectionNotOurs when the portal has removed the application meanwhile.
    """
    chosen = list({workflow.id: workflow for workflow in workflows}.values())
    rows = [listed(workflow) for workflow in chosen]
    content = zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), level=1)
    now = timezone.now()
    reference = secrets.token_hex(16)
    with transaction.atomic():
        if not is_still_there(portal):
            raise SelectionNotOurs
        KeptSelection.objects.filter(created_at__lt=now - KEPT_FOR).delete()
        KeptSelection.objects.create(
            portal=portal,
            reference=reference,
            count=len(chosen),
            head=rows[:HEAD],
            content=content,
            created_at=now,
        )
    return Kept(reference, len(chosen), chosen[:HEAD], content)


def kept(portal: Portal, reference: str) -> Kept:
    """Return the list of a reference; raises SelectionNotOurs when the portal has none (any more)."""
    row = KeptSelection.objects.filter(portal=portal, reference=reference[:64]).first()
    if row is None or row.created_at < timezone.now() - KEPT_FOR:
        raise SelectionNotOurs
    # SQLite gives bytes, PostgreSQL a memoryview.
    return Kept(reference, row.count, [workflow_of(values) for values in row.head], bytes(row.content))


def erase(portal: Portal) -> None:
    """Forget every list of a portal that removed the application."""
    KeptSelection.objects.filter(portal=portal).delete()
