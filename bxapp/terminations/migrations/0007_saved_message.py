from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portals", "0001_initial"), ("terminations", "0006_speed_and_notice")]

    operations = [
        migrations.CreateModel(
            name="SavedMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("name_key", models.CharField(max_length=320)),
                ("content", models.TextField()),
                ("saved_by_id", models.PositiveBigIntegerField()),
                ("saved_by_name", models.CharField(blank=True, default="", max_length=255)),
                ("saved_at", models.DateTimeField()),
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
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("portal", "name_key"), name="savedmessage_named_once")
                ],
            },
        ),
    ]
