"""Writing the audit log: make entries, append them. Nothing here changes or removes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from django.utils import timezone

from bxapp.audit import storing
from bxapp.audit.models import AuditEntry
from bxapp.audit.texts import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LENGTHS = {
    "actor_name": 255,
    "rights_of_name": 255,
    "workflow_id": 128,
    "document": 500,
    "template": 500,
    "message": 255,
}
_UNBOUNDED = ("portal_words",)
# From so many on another way of storing them is worth its while.
_MANY = 10


class StoredPortal(Protocol):
    """A portal as this floor knows it: something with a primary key."""

    @property
    def pk(self) -> Any: ...


class Subject(NamedTuple):
    """The workflow that an entry speaks of, with the message (to be) left for it; cut to their columns."""

    workflow_id: str
    document: str
    template: str
    message: str


class Series(NamedTuple):
    """Entries that are alike but for their subjects; ``shared`` is one of them without a subject."""

    shared: AuditEntry
    subjects: Sequence[Subject]


def subject(workflow_id: str, document: str, template: str, message: str) -> Subject:
    """Return a subject as it can be stored."""
    return Subject(
        storable(workflow_id, _LENGTHS["workflow_id"]),
        storable(document, _LENGTHS["document"]),
        storable(template, _LENGTHS["template"]),
        storable(message, _LENGTHS["message"]),
    )


def entry(
    portal: StoredPortal,
    kind: AuditEntry.Kind,
    *,
    actor_id: int | None = None,
    actor_name: str = "",
    **fields: Any,
) -> AuditEntry:
    """Return an entry of this moment that is not stored yet; ``fields`` are those of AuditEntry.

    Leave ``actor_id`` out where the portal or the application itself acted. Names are kept as they are now,
    cut to the length of their columns.
    """
    fields.setdefault("at", timezone.now())
    fields["actor_name"] = actor_name
    for name, length in _LENGTHS.items():
        if name in fields:
            fields[name] = storable(fields[name], length)
    for name in _UNBOUNDED:
        if name in fields:
            fields[name] = storable(fields[name])
    return AuditEntry(portal_id=portal.pk, kind=kind, actor_id=actor_id, **fields)


def append(entries: Iterable[AuditEntry]) -> None:
    """Store entries, all or none, with as few statements as the database allows.

    Call it inside the transaction that does what the entries tell, so that neither is without the other.
    """
    listed = list(entries)
    if len(listed) < _MANY:
        AuditEntry.objects.bulk_create(listed)
    else:
        storing.store(listed)


def append_series(all_series: Iterable[Series]) -> None:
    """Store an entry for each subject of each series, as :func:`append` does.

    Of ten thousand workflows that ended in the same way, each entry made by itself would cost as much as all
    else that is written about it.
    """
    for series in all_series:
        storing.store_series(series.shared, Subject._fields, series.subjects)
