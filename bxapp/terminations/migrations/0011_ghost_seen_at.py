from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("terminations", "0010_idle_at")]

    # A column that may be empty: SQLite adds it without making the table anew.
    operations = [migrations.AddField("item", "ghost_seen_at", models.DateTimeField(blank=True, null=True))]
