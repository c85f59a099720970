"""A database of a test's own, with real commits, threads and connections, as in production.

The transaction that other tests run in would hide it from the threads that carry requests, and the audit log
refuses to be emptied afterwards. So each test gets a clone of a migrated database and drops it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from django.conf import settings as django_settings
from django.db import connection, connections

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = "own"
# Workers of a parallel run share the name that they begin with.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# Several rooms make one in the same run.
_numbers = count(1)


@contextmanager
def migrated_database() -> Iterator[str]:
    """Make a migrated database to clone, beside the one of the run's other tests; give its name."""
    settings = connections.settings["default"]
    original, test_name = settings["NAME"], settings["TEST"]["NAME"]
    connection.close()
    if connection.vendor == "sqlite":
        settings["TEST"]["NAME"] = f"{test_name or original}.cloned{_WORKER}{next(_numbers)}.sqlite3"
    else:
        settings["TEST"]["NAME"] = f"{test_name or original}_cloned{_WORKER}{next(_numbers)}"
    try:
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        settings["TEST"]["NAME"] = test_name
        settings["NAME"] = django_settings.DATABASES["default"]["NAME"] = original
    yield name
    with _named(name):
        connection.creation.destroy_test_db(original, verbosity=0)


@contextmanager
def own_database(migrated: str) -> Iterator[None]:
    """Point the default connection of every thread to a fresh clone, for the length of the block."""
    with _named(migrated):
        connection.creation.clone_test_db(_SUFFIX, verbosity=0)
        clone = connection.creation.get_test_db_clone_settings(_SUFFIX)["NAME"]
    with _named(clone):
        yield
    with _named(migrated):
        connection.creation.destroy_test_db(suffix=_SUFFIX, verbosity=0)


@contextmanager
def _named(name: str) -> Iterator[None]:
    settings = connections.settings["default"]
    before = settings["NAME"]
    connection.close()
    settings["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        settings["NAME"] = before
