from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Other indexes begin with the same columns; each one more makes queueing and recording slower."""

    dependencies = [("terminations", "0004_pace")]

    operations = [
        migrations.AlterField(
            "item",
            "job",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="terminations.job",
            ),
        ),
        migrations.AlterField(
            "item",
            "portal",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="portals.portal",
            ),
        ),
    ]
