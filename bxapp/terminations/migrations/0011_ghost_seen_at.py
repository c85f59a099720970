from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import migrations, models
from django.utils import timezone

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def note_what_was_not_called_for(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What was seen come back before, and is still looked for, has been seen and not been called for."""
    items = apps.get_model("terminations", "Item").objects
    seen = items.filter(reason="came_back", ghost_calls=0, job__ghosts_due_at__isnull=False)
    seen.update(ghost_seen_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("terminations", "0010_idle_at")]

    # A column that may be empty: SQLite adds it without making the table anew.
    operations = [
        migrations.AddField("item", "ghost_seen_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(note_what_was_not_called_for, migrations.RunPython.noop),
    ]
