"""Probes for whoever runs the application: is the process alive, and can it do its work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

log = logging.getLogger(__name__)

_REDIS_SECONDS = 2


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process can answer at all; nothing else is asked."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database, migrations and Redis are fit for work, else 503; JSON says which is not."""
    parts: dict[str, Callable[[], str]] = {
        "database": _database,
        "migrations": _migrations,
        "redis": _redis,
    }
    found = {name: examine() for name, examine in parts.items()}
    is_ready = all(word == "ok" for word in found.values())
    return JsonResponse(found, status=200 if is_ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return _failure("database", error)
    return "ok"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return _failure("migrations", error)
    return f"{len(missing)} not applied" if missing else "ok"


def _redis() -> str:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=_REDIS_SECONDS, socket_timeout=_REDIS_SECONDS
        ) as server:
            server.ping()
    except (redis.RedisError, OSError) as error:
        return _failure("redis", error)
    return "ok"


def _failure(part: str, error: Exception) -> str:
    """Return the kind of an error for the probe; its text, which may name hosts and users, is for the log."""
    log.warning("Not ready: %s: %s", part, error)
    return type(error).__name__
