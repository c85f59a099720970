"""How many calls left for a portal lately: what a slot goes by when Redis is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.terminations.models import Item
from bxapp.terminations.pace.past_calls import calls_within

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


def test_every_call_of_the_time_counts_and_no_look(scene: Scene) -> None:
    scene.finish(scene.queue([*scene.add(3), *scene.add(1, "corrupt")]))
    called = sum(
        record["terminate_calls"]
        for record in scene.records(list(Item.objects.values_list("workflow_id", flat=True)))
    )

    # The damaged one was called for three times, minutes apart.
    assert called == 6
    assert calls_within(scene.actor.portal.pk, 600) >= called
    assert calls_within(scene.actor.portal.pk + 1, 600) == 0


def test_what_is_long_ago_does_not_count(scene: Scene) -> None:
    scene.finish(scene.queue(scene.add(3)))

    scene.let_time_pass(timedelta(minutes=12))

    assert calls_within(scene.actor.portal.pk, 600) == 0


def test_another_call_for_what_came_back_counts(scene: Scene) -> None:
    job = scene.finish(scene.queue(scene.add(2)))
    scene.let_time_pass(timedelta(minutes=12))
    job.items.filter(position=0).update(ghost_calls=2, sent_at=timezone.now())

    # The first one counts with it.
    assert calls_within(scene.actor.portal.pk, 600) == 3
