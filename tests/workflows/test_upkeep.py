"""What is kept for a time goes when the time is over, also where nobody opens the application any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.utils import timezone

from bxapp.portals.models import AccessGrant, Portal
from bxapp.workflows import keeping, overview_keeping, tasks
from bxapp.workflows.models import KeptOverview, KeptPart, KeptSelection, Snapshot
from bxapp.workflows.overview_counts import Counts
from tests.terminations.scene import selected

if TYPE_CHECKING:
    from tests.workflows.conftest import Frame

pytestmark = pytest.mark.django_db


def test_lists_go_after_a_day_and_overviews_after_two_weeks(frame: Frame) -> None:
    portal, now = Portal.objects.get(), timezone.now()
    old, young = (keeping.keep(portal, [selected(f"65e5a449e8f135.{number}")]) for number in (1, 2))
    past = now - timedelta(days=1, seconds=1)
    row = KeptSelection.objects.get(reference=old.reference)
    KeptSelection.objects.filter(pk=row.pk).update(created_at=past)
    Snapshot.objects.create(portal=portal, grant=AccessGrant.objects.get(), selection=row, progress_at=past)
    KeptOverview.objects.all().delete()
    for days in (15, 13):
        overview_keeping.keep(portal, Counts(now - timedelta(days=days), 1))

    tasks.forget_old()

    assert list(KeptSelection.objects.values_list("reference", flat=True)) == [young.reference]
    assert KeptPart.objects.count() == 1
    assert not Snapshot.objects.exists()
    assert [row.counted_at for row in KeptOverview.objects.all()] == [now - timedelta(days=13)]


def test_it_is_done_each_hour() -> None:
    (schedule,) = [
        one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == tasks.forget_old.name
    ]

    assert schedule["schedule"] == 3600
