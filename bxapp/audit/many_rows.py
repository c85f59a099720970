"""Inserting many rows at once in the database's fastest way: PostgreSQL by COPY, SQLite by one prepared
statement.

``bulk_create`` spends most of its time on preparing each value of each row anew, and psycopg's own
``write_row`` on formatting what is the same in all rows again and again.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What stands for something else in COPY's text format (PostgreSQL, "COPY", File Formats).
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_ROWS_OF_A_WRITE = 500


def insert(
    table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], same: Sequence[Any] = ()
) -> None:
    """Insert ``rows`` in this order, inside the caller's transaction.

    The first of the ``columns`` are each row's own, the last ones are the ``same`` in all. Values are as the
    database takes them: moments adapted to it, JSON as text.
    """
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copying = cursor.copy(f"COPY {table} ({names}) FROM STDIN")
            with connection.wrap_database_errors, copying as copy:
                for text in _copied(rows, same):
                    copy.write(text)
        else:
            places = ", ".join(["%s"] * len(columns))
            statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608  (names of ours)
            cursor.executemany(statement, [(*row, *same) for row in rows])


def _copied(rows: Iterable[Sequence[Any]], same: Sequence[Any]) -> Iterator[str]:
    """Give the rows in COPY's text format, some hundreds at a time."""
    end = "".join(f"\t{_copied_value(value)}" for value in same) + "\n"
    rows = iter(rows)
    while some := list(islice(rows, _ROWS_OF_A_WRITE)):
        yield "".join(["\t".join(map(_copied_value, row)) + end for row in some])


def _copied_value(value: object) -> str:
    if value is None:
        return r"\N"
    text = str(value)
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPED)
