"""The product's Celery application, with every database statement of its processes counted.

The workers of the bench are started with it instead of ``bxapp``. Each statement that Django sends adds one
byte to the file ``BENCH_STATEMENTS``, so that all processes count together, and a killed one loses nothing.
BEGIN and COMMIT are not seen.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.db.backends.signals import connection_created

from bxapp.celery import app as app

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

_counter = os.open(os.environ["BENCH_STATEMENTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    os.write(_counter, b".")
    return execute(sql, params, many, context)


def _watch(connection: BaseDatabaseWrapper, **_: object) -> None:
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


# Not weakly: nothing else holds the function.
connection_created.connect(_watch, weak=False)
