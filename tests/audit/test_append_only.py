"""An entry is never changed or removed: the database refuses it, whoever asks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError, connection, transaction

from bxapp.audit import log
from bxapp.audit.models import AuditEntry

if TYPE_CHECKING:
    from bxapp.portals.models import Portal
    from tests.audit.conftest import Tell

REFUSED = "The audit log is append-only"


def test_an_update_is_refused(tell: Tell) -> None:
    entry = tell()

    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(message="another")
    entry.message = "another"
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        entry.save()

    assert AuditEntry.objects.get(pk=entry.pk).message == "Stopped"


def test_a_removal_is_refused(tell: Tell) -> None:
    entry = tell()

    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        entry.delete()
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_auditentry")

    assert AuditEntry.objects.count() == 1


def test_what_removes_rows_in_another_way_is_refused(portals: tuple[Portal, Portal]) -> None:
    """SQLite replaces a row, PostgreSQL empties a table, and neither calls it a removal."""
    statements = {
        "sqlite": "INSERT OR REPLACE INTO audit_auditentry SELECT * FROM audit_auditentry",
        "postgresql": "TRUNCATE audit_auditentry",
    }
    if connection.vendor == "sqlite":
        log.append([log.entry(portals[0], AuditEntry.Kind.OPENED)])

    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements[connection.vendor])


def test_the_triggers_can_be_taken_back(tell: Tell) -> None:
    """A migration that goes back leaves the rows and takes the triggers; forward again they hold."""
    entry = tell()
    migration = import_module("bxapp.audit.migrations.0002_append_only")
    for sql in migration.REVERSE[connection.vendor]:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    assert AuditEntry.objects.filter(pk=entry.pk).update(message="changed") == 1
    for sql in migration.APPLY[connection.vendor]:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(message="another")


def test_texts_that_no_database_takes(tell: Tell) -> None:
    entry = tell(portal_words="nul\0 and half\ud83d a pair", document="d" * 600, actor_name="n" * 300)

    stored = AuditEntry.objects.get(pk=entry.pk)
    assert stored.portal_words == "nul and half? a pair"
    assert (len(stored.document), len(stored.actor_name)) == (500, 255)
