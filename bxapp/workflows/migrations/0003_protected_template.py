from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portals", "0001_initial"), ("workflows", "0002_kept_selection")]

    operations = [
        migrations.CreateModel(
            name="ProtectedTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("template_id", models.PositiveBigIntegerField()),
                ("name", models.CharField(blank=True, default="", max_length=500)),
                ("protected_by_id", models.PositiveBigIntegerField()),
                ("protected_by_name", models.CharField(blank=True, default="", max_length=255)),
                ("protected_at", models.DateTimeField()),
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
                "constraints": [
                    models.UniqueConstraint(fields=("portal", "template_id"), name="protected_once")
                ],
            },
        ),
    ]
