from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portals", "0001_initial"), ("workflows", "0003_protected_template")]

    operations = [
        migrations.CreateModel(
            name="KeptOverview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("counted_at", models.DateTimeField()),
                ("content", models.JSONField()),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portals.portal",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["portal", "counted_at"], name="overviews_by_moment"),
                ],
            },
        ),
    ]
