from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portals", "0002_license")]

    operations = [
        migrations.AddField("portal", "scope", models.JSONField(blank=True, null=True)),
    ]
