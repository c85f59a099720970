"""Storing many entries at once: a job of ten thousand workflows appends as many."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from bxapp.audit import many_rows
from bxapp.audit.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FIELDS = {field.attname: field for field in AuditEntry._meta.concrete_fields if not field.primary_key}


def store(entries: Iterable[AuditEntry]) -> None:
    """Store entries in this order, inside the caller's transaction."""
    many_rows.insert(
        AuditEntry._meta.db_table,
        [str(field.column) for field in _FIELDS.values()],
        ([_prepared(entry, name) for name in _FIELDS] for entry in entries),
    )


def store_series(shared: AuditEntry, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Store entries that are like ``shared`` but for some texts, in this order, inside the caller's
    transaction: the ``names`` of the fields in which they differ, and of each entry the values of these, fit
    for their columns.
    """
    others = [name for name in _FIELDS if name not in names]
    many_rows.insert(
        AuditEntry._meta.db_table,
        [str(_FIELDS[name].column) for name in (*names, *others)],
        rows,
        same=[_prepared(shared, name) for name in others],
    )


def _prepared(entry: AuditEntry, name: str) -> Any:
    value, field = getattr(entry, name), _FIELDS[name]
    if isinstance(field, models.JSONField) and value is not None:
        return json.dumps(value)
    return field.get_db_prep_save(value, connection) if isinstance(field, models.DateTimeField) else value
