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
]


class Migration(migrations.Migration):
    """Both columns may be NULL, so SQLite adds them in place and the triggers of 0002 stay."""

    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.AlterField(
            "auditentry",
            "kind",
            models.CharField(
                choices=[(kind, kind.replace("_", " ").title()) for kind in _KINDS], max_length=16
            ),
        ),
        migrations.AlterField("auditentry", "other_job_id", models.BigIntegerField(null=True)),
        migrations.AddField("auditentry", "rights_of_id", models.PositiveBigIntegerField(null=True)),
        migrations.AddField("auditentry", "rights_of_name", models.CharField(max_length=255, null=True)),
    ]
