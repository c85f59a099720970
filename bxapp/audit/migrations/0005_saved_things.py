from __future__ import annotations

from django.db import migrations, models

_KINDS = [
    "installed",
    "uninstalled",
    "opened",
    "refused",
    "job_queued",
    "job_paused",
    "job_cancelled",
    "job_blocked",
    "job_resumed",
    "job_finished",
    "outcome",
    "ghost",
    "protected",
    "unprotected",
    "filter_saved",
    "filter_changed",
    "filter_deleted",
    "message_saved",
    "message_changed",
    "message_deleted",
]


class Migration(migrations.Migration):
    """Choices are no matter of the database: the table, with its triggers, stays as it is."""

    dependencies = [("audit", "0004_protected_templates")]

    operations = [
        migrations.AlterField(
            "auditentry",
            "kind",
            models.CharField(
                choices=[(kind, kind.replace("_", " ").title()) for kind in _KINDS], max_length=16
            ),
        ),
    ]
