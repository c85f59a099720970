"""Storing many entries at once in the database's fastest way: PostgreSQL by COPY, SQLite by one prepared
statement.

``bulk_create`` spends most of its time on preparing each value of each row anew; a job of ten thousand
workflows appends as many entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection, models

from bxapp.audit.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FIELDS = [field for field in AuditEntry._meta.concrete_fields if not field.primary_key]
_NAMES = [field.attname for field in _FIELDS]
_COLUMNS = ", ".join(str(field.column) for field in _FIELDS)
# These need the database's own form; text and whole numbers are stored as they are.
_PREPARED = [
    place for place, field in enumerate(_FIELDS) if isinstance(field, models.DateTimeField | models.JSONField)
]


def store(entries: Iterable[AuditEntry]) -> None:
    """Store entries in this order, inside the caller's transaction."""
    _store(_row(entry) for entry in entries)


def store_series(
    all_series: Iterable[tuple[AuditEntry, Sequence[str], Iterable[Sequence[str]]]],
) -> None:
    """Store entries that are alike but for some texts, in this order, inside the caller's transaction.

    Of each series: what its entries share, the names of the fields in which they differ, and for each entry
    the values of these fields, fit for their columns.
    """
    _store(row for series in all_series for row in _alike(*series))


def _store(rows: Iterable[list[Any]]) -> None:
    table = AuditEntry._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copying = cursor.copy(f"COPY {table} ({_COLUMNS}) FROM STDIN")
            with connection.wrap_database_errors, copying as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(_FIELDS))
            statement = f"INSERT INTO {table} ({_COLUMNS}) VALUES ({places})"  # noqa: S608  (names of ours)
            cursor.executemany(statement, list(rows))


def _row(entry: AuditEntry) -> list[Any]:
    row = [getattr(entry, name) for name in _NAMES]
    for place in _PREPARED:
        if row[place] is not None:
            row[place] = _FIELDS[place].get_db_prep_save(row[place], connection)
    return row


def _alike(
    shared: AuditEntry, names: Sequence[str], followers: Iterable[Sequence[str]]
) -> Iterator[list[Any]]:
    first, places = _row(shared), [_NAMES.index(name) for name in names]
    for values in followers:
        row = first.copy()
        for place, value in zip(places, values, strict=True):
            row[place] = value
        yield row
