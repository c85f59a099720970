from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

_STATES = ["queued", "running", "blocked", "paused", "cancelling", "finished"]


class Migration(migrations.Migration):
    dependencies = [("terminations", "0002_item_message")]

    operations = [
        migrations.RemoveConstraint("job", "job_state_known"),
        migrations.AlterField(
            "job",
            "state",
            models.CharField(
                choices=[(state, state.capitalize()) for state in _STATES], default="queued", max_length=16
            ),
        ),
        migrations.AddConstraint(
            "job",
            models.CheckConstraint(condition=models.Q(state__in=_STATES), name="job_state_known"),
        ),
        migrations.AddField("job", "may_use_other_grants", models.BooleanField(default=False)),
        migrations.AddField("job", "rights_of_id", models.PositiveBigIntegerField(blank=True, null=True)),
        migrations.AddField(
            "job", "rights_of_name", models.CharField(blank=True, default="", max_length=255)
        ),
        migrations.AddField("job", "refused_grants", models.JSONField(blank=True, default=dict)),
        migrations.AddField(
            "job",
            "retry_of",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="retries",
                to="terminations.job",
            ),
        ),
    ]
