from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("terminations", "0009_calls_refused_sent_as")]

    # A column that may be empty: SQLite adds it without making the table anew.
    operations = [migrations.AddField("item", "idle_at", models.DateTimeField(blank=True, null=True))]
