from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    """Lists are kept in parts. Those of before live for a day at most; they go, and are chosen again."""

    dependencies = [("portals", "0001_initial"), ("workflows", "0004_kept_overview")]

    operations = [
        migrations.RunSQL("DELETE FROM workflows_keptselection", migrations.RunSQL.noop),
        migrations.RemoveField("keptselection", "content"),
        migrations.AddField("keptselection", "as_of", models.DateTimeField(null=True)),
        migrations.AddField("keptselection", "is_complete", models.BooleanField(default=True)),
        migrations.AddField("keptselection", "summary", models.JSONField(default=dict)),
        migrations.CreateModel(
            name="KeptPart",
            fields=[
                ("id", ID),
                ("position", models.PositiveIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("ids", models.BinaryField()),
                ("content", models.BinaryField()),
                ("summary", models.JSONField(default=dict)),
                (
                    "selection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="workflows.keptselection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("selection", "position"), name="one_part_a_place")
                ],
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", ID),
                ("query", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "Reading"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="reading",
                        max_length=16,
                    ),
                ),
                ("expected", models.PositiveIntegerField(default=0)),
                ("read", models.PositiveIntegerField(default=0)),
                ("unreadable", models.PositiveIntegerField(default=0)),
                ("left_out", models.PositiveIntegerField(default=0)),
                ("last_id", models.CharField(blank=True, default="", max_length=128)),
                ("top_id", models.CharField(blank=True, default="", max_length=128)),
                ("holder", models.UUIDField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
                ("progress_at", models.DateTimeField()),
                ("failures_in_a_row", models.PositiveSmallIntegerField(default=0)),
                ("reason", models.CharField(blank=True, default="", max_length=64)),
                ("portal_words", models.TextField(blank=True, default="")),
                ("reset_at", models.DateTimeField(blank=True, null=True)),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portals.accessgrant",
                    ),
                ),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="portals.portal"
                    ),
                ),
                (
                    "selection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="snapshot",
                        to="workflows.keptselection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["reading", "done", "failed", "cancelled"])),
                        name="snapshot_state_known",
                    )
                ],
            },
        ),
    ]
