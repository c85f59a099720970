"""Database connections of threads that are not ours to keep."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def leaving_none_open() -> Iterator[None]:
    """Close the connection afterwards if this thread had none before.

    A client may run in a thread of a pool, where nobody closes what a renewal of its tokens opened.
    """
    had_one = connection.connection is not None
    try:
        yield
    finally:
        if not had_one:
            connection.close()
