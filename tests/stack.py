"""The whole product as processes, for tests: on SQLite and Valkey, or on the run's PostgreSQL and Redis."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from deploy.stack import SandboxOptions, Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest


class Start(Protocol):
    """Starts a stack of its own and returns it once every part is ready."""

    def __call__(
        self, *, sandbox: SandboxOptions | None = None, variables: Mapping[str, str] | None = None
    ) -> Stack: ...


@contextmanager
def started_stacks(folders: pytest.TempPathFactory) -> Iterator[Start]:
    """Give a function that starts stacks, and end them all when the block ends.

    Where the run's ``DATABASE_URL`` names PostgreSQL, each gets a database of its own on that server and
    a Redis server of its own: tests flush and restart it, which the machine's own must not suffer.
    """
    with ExitStack() as ends:

        def start(
            *, sandbox: SandboxOptions | None = None, variables: Mapping[str, str] | None = None
        ) -> Stack:
            server = os.environ["DATABASE_URL"]
            on_servers = server.startswith("postgres")
            stack = Stack(
                folders.mktemp("stack"),
                sandbox=sandbox,
                database_url=ends.enter_context(database_of_its_own(server)) if on_servers else "",
                redis_server="redis-server" if on_servers else "",
                variables=variables,
            )
            stack.start()
            ends.callback(stack.stop)
            return stack

        yield start


@contextmanager
def database_of_its_own(server: str) -> Iterator[str]:
    """Give the URL of a new database on the PostgreSQL ``server``, which goes when the block ends."""
    name = f"flowstop_stack_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
