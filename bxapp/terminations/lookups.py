"""A lookup for thousands of values: ``field__any_of=[…]`` is ``field__in=[…]`` with one parameter for all.

``in`` makes a place in the statement for each value, which Django, the driver and the database read one by
one: of two thousand keys some hundredths of a second, and SQLite takes no more than so many places.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db.models import BigAutoField, CharField, Lookup

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

    AnyLookup = Lookup[Any]
else:
    AnyLookup = Lookup


@BigAutoField.register_lookup
@CharField.register_lookup
class AnyOf(AnyLookup):
    """Whether a number or a text is one of a list, which may be empty."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for SQLite."""
        column, params = self.process_lhs(compiler, connection)
        # S608: the column's name is ours, the values are a parameter.
        return f"{column} IN (SELECT value FROM json_each(%s))", (  # noqa: S608
            *params,
            json.dumps(list(self.rhs)),
        )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for PostgreSQL."""
        column, params = self.process_lhs(compiler, connection)
        # Of the column's own type: only then are the values hashed instead of compared one by one.
        kind = "bigint" if isinstance(self.lhs.output_field, BigAutoField) else "varchar"
        return f"{column} = ANY(%s::{kind}[])", (*params, list(self.rhs))
