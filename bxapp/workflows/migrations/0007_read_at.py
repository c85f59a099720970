from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0006_saved_filter")]

    operations = [migrations.AddField("keptselection", "read_at", models.DateTimeField(null=True))]
