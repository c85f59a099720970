"""Exact lists of chosen workflows, kept for a day while somebody decides; the browser carries a reference.

A list of a hundred thousand signed rows would go back and forth four times otherwise, and once more for each
letter of the message. A reference is good in the portal where the list was made. The lists are stored in
parts, each with its IDs apart and its own summary: what belongs to a list, and what it is made of, is known
without unpacking it.
"""

from __future__ import annotations

import json
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from bxapp.bitrix.parts import in_parts
from bxapp.workflows.models import KeptPart, KeptSelection
from bxapp.workflows.names import is_still_there
from bxapp.workflows.selection import SelectedWorkflow, SelectionNotOurs, listed, workflow_of
from bxapp.workflows.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from django.db.models.functions import Now

    from bxapp.portals.models import Portal

KEPT_FOR = timedelta(days=1)
# How many can be named without unpacking all.
HEAD = 5
_PART = 2_500
_PARTS_OF_A_STATEMENT = 8


@dataclass
class Kept:
    """A list as it was kept, read part by part by whoever goes through it; ``head`` are its first ones.

    ``workflows`` is all of it at once. ``as_of``: the moment of which it is everything that was meant, None
    for what was picked by hand. ``read_at``: since when, by the database's clock, its workflows may have
    changed; None where that is not known of all of them.
    """

    reference: str
    count: int
    head: Sequence[SelectedWorkflow]
    summary: Summary
    as_of: datetime | None
    read_at: datetime | None
    _row: KeptSelection = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[SelectedWorkflow]:
        return _workflows(self._row)

    @cached_property
    def workflows(self) -> list[SelectedWorkflow]:
        return list(self)


def keep(portal: Portal, workflows: Iterable[SelectedWorkflow]) -> Kept:
    """Keep a list, each workflow once, and return it with its reference; drops lists that are too old.

    Raises SelectionNotOurs when the portal has removed the application meanwhile.
    """
    chosen = list({workflow.id: workflow for workflow in workflows}.values())
    with transaction.atomic():
        row = begin(portal)
        _append(row, map(_packed, in_parts(chosen, _PART)))
        return complete(row)


def begin(
    portal: Portal, as_of: datetime | None = None, read_at: datetime | Now | None = None
) -> KeptSelection:
    """Return a new list with nothing in it, which nobody can confirm yet; drops lists that are too old.

    Inside a transaction: it locks the portal's row. Raises SelectionNotOurs when the portal has removed the
    application meanwhile.
    """
    now = timezone.now()
    if not is_still_there(portal):
        raise SelectionNotOurs
    forget_old()
    return KeptSelection.objects.create(
        portal=portal,
        reference=secrets.token_hex(16),
        count=0,
        as_of=as_of,
        read_at=read_at,
        is_complete=False,
        created_at=now,
    )


def add(row: KeptSelection, workflows: Sequence[SelectedWorkflow]) -> None:
    """Append workflows that the list does not hold yet."""
    if workflows:
        _append(row, [_packed(workflows)])


def complete(row: KeptSelection) -> Kept:
    """Let the list be used from now on, and return it."""
    parts = KeptPart.objects.filter(selection=row).order_by("position")
    summaries = (Summary.from_json(stored) for stored in parts.values_list("summary", flat=True))
    row.summary = Summary.together(summaries).as_json()
    row.head = [listed(one) for one in islice(_workflows(row), HEAD)]
    row.is_complete = True
    row.save(update_fields=["summary", "head", "is_complete"])
    return _kept(row)


def kept(portal: Portal, reference: str) -> Kept:
    """Return the list of a reference; raises SelectionNotOurs when the portal has none (any more)."""
    return _kept(_row(portal, reference))


def members(portal: Portal, reference: str, ids: Collection[str]) -> set[str]:
    """Return which of these IDs belong to a list; raises SelectionNotOurs."""
    wanted, found = set(ids), set[str]()
    for packed in KeptPart.objects.filter(selection=_row(portal, reference)).values_list("ids", flat=True):
        found |= wanted.intersection(_ids(packed))
    return found


def changed(
    portal: Portal, reference: str, left_out: Collection[str], added: Iterable[SelectedWorkflow]
) -> Kept:
    """Keep a list that is another one without some and with some more, and return it.

    Contents are copied as they are; what is left out of a part is missing among its IDs, which count. Raises
    SelectionNotOurs.
    """
    base = _row(portal, reference)
    out, more = set(left_out), {workflow.id: workflow for workflow in added}
    with transaction.atomic():
        row = begin(portal, base.as_of, None if more else base.read_at)
        _append(row, _changed_parts(base, out, more))
        add(row, list(more.values()))
        return complete(row)


def ids_of(row: KeptSelection) -> set[str]:
    """Return the IDs of a list, complete or not."""
    packed = KeptPart.objects.filter(selection=row).values_list("ids", flat=True)
    return {one for ids in packed for one in _ids(ids)}


def forget_old() -> None:
    """Drop the lists of all portals that nobody can use any more."""
    KeptSelection.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()


def erase(portal: Portal) -> None:
    """Forget every list of a portal that removed the application."""
    KeptSelection.objects.filter(portal=portal).delete()


def _changed_parts(
    base: KeptSelection, out: set[str], more: dict[str, SelectedWorkflow]
) -> Iterator[KeptPart]:
    """Give the parts of a list without the IDs ``out``, and take from ``more`` what they hold already."""
    for part in _parts(base):
        ids = _ids(part.ids)
        for known in more.keys() & ids:
            del more[known]
            out.discard(known)
        changed = KeptPart(count=part.count, ids=part.ids, content=part.content, summary=part.summary)
        if not out.isdisjoint(ids):
            left = [one for one in _unpacked(part) if one.id not in out]
            if not left:
                continue
            changed.count, changed.ids = len(left), _packed_ids(left)
            changed.summary = Summary.of(left).as_json()
        yield changed


def _append(row: KeptSelection, parts: Iterable[KeptPart]) -> None:
    position = KeptPart.objects.filter(selection=row).count()
    parts = iter(parts)
    # A few at a time: a statement for each took longer than the rest, and all together are large.
    while some := list(islice(parts, _PARTS_OF_A_STATEMENT)):
        for part in some:
            part.selection, part.position = row, position
            position += 1
            row.count += part.count
        KeptPart.objects.bulk_create(some)
    row.save(update_fields=["count"])


def _packed(workflows: Sequence[SelectedWorkflow]) -> KeptPart:
    content = json.dumps([listed(one) for one in workflows], separators=(",", ":"))
    return KeptPart(
        count=len(workflows),
        ids=_packed_ids(workflows),
        content=zlib.compress(content.encode(), level=1),
        summary=Summary.of(workflows).as_json(),
    )


def _packed_ids(workflows: Sequence[SelectedWorkflow]) -> bytes:
    return zlib.compress("\n".join(one.id for one in workflows).encode(), level=1)


def _row(portal: Portal, reference: str) -> KeptSelection:
    # A NUL is an error to PostgreSQL, and no reference of ours.
    known = KeptSelection.objects.filter(portal=portal, reference=reference.replace("\x00", "")[:64])
    row = known.filter(is_complete=True).first()
    if row is None or row.created_at < timezone.now() - KEPT_FOR:
        raise SelectionNotOurs
    return row


def _kept(row: KeptSelection) -> Kept:
    head = [workflow_of(list(values)) for values in row.head]
    return Kept(row.reference, row.count, head, Summary.from_json(row.summary), row.as_of, row.read_at, row)


def _parts(row: KeptSelection) -> Iterator[KeptPart]:
    own = KeptPart.objects.filter(selection=row)
    # One after the other: together they are as large as what they were split for.
    return (own.get(pk=key) for key in list(own.order_by("position").values_list("pk", flat=True)))


def _workflows(row: KeptSelection) -> Iterator[SelectedWorkflow]:
    return (one for part in _parts(row) for one in _unpacked(part))


def _unpacked(part: KeptPart) -> list[SelectedWorkflow]:
    # SQLite gives bytes, PostgreSQL a memoryview.
    listed_ones = json.loads(zlib.decompress(bytes(part.content)))
    if len(listed_ones) == part.count:
        return [workflow_of(values) for values in listed_ones]
    ids = _ids(part.ids)
    return [one for one in map(workflow_of, listed_ones) if one.id in ids]


def _ids(packed: bytes | memoryview) -> set[str]:
    return set(zlib.decompress(bytes(packed)).decode().split("\n"))
