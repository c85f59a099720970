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
]


class Migration(migrations.Migration):
    """Choices are no matter of the database: the table, with its triggers, stays as it is."""

    dependencies = [("audit", "0003_paused_whose_rights")]

    operations = [
        migrations.AlterField(
            "auditentry",
            "kind",
            models.CharField(
                choices=[(kind, kind.replace("_", " ").title()) for kind in _KINDS], max_length=16
            ),
        ),
    ]
