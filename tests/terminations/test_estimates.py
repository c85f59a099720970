"""How long a job will take, told before it is confirmed: what the portal bears, lets through, and affords."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.terminations.models import Pace
from bxapp.terminations.pace.portal_memory import PortalMemory
from bxapp.terminations.screens import estimates

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


def learned(scene: Scene, **known: float) -> None:
    memory = PortalMemory.from_json(known).as_json()
    Pace.objects.update_or_create(
        portal=scene.actor.portal, defaults={"memory": memory, "learned_at": timezone.now()}
    )


def test_on_a_new_portal_nobody_knows(scene: Scene) -> None:
    assert estimates.seconds(scene.actor.portal, 1000) is None
    assert estimates.sentence(scene.actor.portal, 1000).startswith("not known yet")


def test_what_the_portal_bears(scene: Scene) -> None:
    learned(scene, width=10, bears=8, seconds_per_command=0.4)

    assert estimates.seconds(scene.actor.portal, 800) == pytest.approx(40)
    assert estimates.sentence(scene.actor.portal, 800) == "about 40 s"


def test_what_its_limit_of_requests_lets_through(scene: Scene) -> None:
    learned(scene, width=40, seconds_per_command=0.001)

    # 200 batches, 4 looks and the one for ghosts; 45 leave at once, then 2 a second.
    assert estimates.seconds(scene.actor.portal, 10_000) == pytest.approx((205 - 45) / 2)


def test_what_its_budget_of_execution_time_affords(scene: Scene) -> None:
    learned(scene, width=40, seconds_per_command=0.5)

    # 1,000 s of work, of which 480 are there at once, and 480 more each ten minutes.
    assert estimates.seconds(scene.actor.portal, 2_000) == pytest.approx(520 * 600 / 480)
    assert estimates.sentence(scene.actor.portal, 2_000) == "about 11 min"


def test_a_click_is_a_few_seconds(scene: Scene) -> None:
    learned(scene, width=3, seconds_per_command=0.1)

    assert estimates.sentence(scene.actor.portal, 1) == "a few seconds"


def test_what_other_jobs_have_left_comes_first(scene: Scene) -> None:
    learned(scene, width=1, seconds_per_command=0.1)
    alone = estimates.seconds(scene.actor.portal, 100)
    scene.queue([f"65e5a449e8{number:04x}.21284909" for number in range(100)])

    assert alone is not None
    assert estimates.seconds(scene.actor.portal, 100) == pytest.approx(2 * alone)
