from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("terminations", "0005_item_without_double_indexes")]

    # Columns that may be empty: SQLite adds them without making the table anew.
    operations = [
        migrations.AddField("job", "notice_due_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("job", "marks", models.JSONField(blank=True, null=True)),
        migrations.AddIndex(
            "job",
            models.Index(
                condition=models.Q(notice_due_at__isnull=False),
                fields=["notice_due_at"],
                name="job_notices",
            ),
        ),
    ]
