"""The database refuses to change or remove an audit entry, whoever asks and by whatever program.

The application has no code that would; these triggers hold for a slip in a later version and for a hand at
the database's own prompt. Going back removes the triggers and touches no row.

On SQLite a later migration that alters the table makes it anew and loses the triggers: such a migration
has to run ``create`` again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import migrations

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "audit_auditentry"
SENTENCE = "The audit log is append-only."

_SQLITE_REFUSES = f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"

APPLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON {TABLE} {_SQLITE_REFUSES}",
        f"CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON {TABLE} {_SQLITE_REFUSES}",
        # INSERT OR REPLACE removes the old row without firing the trigger on DELETE.
        f"""CREATE TRIGGER audit_refuses_replace BEFORE INSERT ON {TABLE}
        WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) {_SQLITE_REFUSES}""",  # noqa: S608 (constants)
    ],
    "postgresql": [
        f"""CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$""",
        f"""CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
        f"""CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    ],
}
REVERSE = {
    "sqlite": [
        "DROP TRIGGER audit_refuses_replace",
        "DROP TRIGGER audit_refuses_delete",
        "DROP TRIGGER audit_refuses_update",
    ],
    "postgresql": [
        f"DROP TRIGGER audit_refuses_truncate ON {TABLE}",
        f"DROP TRIGGER audit_refuses_change ON {TABLE}",
        "DROP FUNCTION audit_refuse()",
    ],
}


def _execute(statements: dict[str, list[str]], schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def create(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _execute(APPLY, schema_editor)


def remove(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _execute(REVERSE, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(create, remove)]
