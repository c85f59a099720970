"""Looks into the database of a running stack, and changes it, from beside the product."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from deploy.stack import Stack


def select(stack: Stack, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, which must be one that SQLite and PostgreSQL both understand."""
    if stack.database_url.startswith("sqlite"):
        file = stack.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(stack.database_url) as server:
        return server.execute(query).fetchall()


def change(stack: Stack, statement: str) -> None:
    """Carry out a statement, which must be one that SQLite and PostgreSQL both understand."""
    if stack.database_url.startswith("sqlite"):
        with closing(
            sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)
        ) as connection:
            connection.execute(statement)
            connection.commit()
        return
    with psycopg.connect(stack.database_url) as server:
        server.execute(statement.encode())
