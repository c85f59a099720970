from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("terminations", "0008_gateway_failed")]

    # Columns that may be empty: SQLite adds them without making the table anew.
    operations = [
        migrations.AddField("job", "calls_refused_since", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("item", "sent_as_id", models.PositiveBigIntegerField(blank=True, null=True)),
    ]
