from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("terminations", "0001_initial")]

    operations = [
        migrations.AddField("item", "message", models.CharField(blank=True, default="", max_length=255)),
    ]
