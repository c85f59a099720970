from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portals", "0001_initial"), ("workflows", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="KeptSelection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=32, unique=True)),
                ("count", models.PositiveIntegerField()),
                ("head", models.JSONField(default=list)),
                ("content", models.BinaryField()),
                ("created_at", models.DateTimeField(db_index=True)),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portals.portal",
                    ),
                ),
            ],
        ),
    ]
