"""When a portal is asked for its licence, which decides how fast a job may be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db.models import F
from django.utils import timezone

from bxapp.portals import handlers, limits
from bxapp.portals.models import Portal

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


def test_an_on_premise_portal_has_no_limit_of_requests(scene: Scene) -> None:
    scene.sandbox.settings(edition="on_premise")

    scene.finish(scene.queue(scene.add(3)))

    portal = Portal.objects.get()
    assert portal.license.endswith("_selfhosted")
    assert limits.bucket_of(portal).rate is None


def test_the_first_job_on_premise_is_planned_in_short_batches(scene: Scene) -> None:
    """Requests are not scarce there, so nobody in the portal waits behind a long one."""
    scene.sandbox.settings(edition="on_premise", terminate_seconds=0.05)
    handlers.bind(scene.actor.grant)
    scene.sandbox.forget()

    scene.finish(scene.queue(scene.add(1500)))

    assert largest_batch(scene) <= 16
    assert scene.asked("app.info") == 0


@pytest.mark.parametrize("is_listed", [False, True], ids=["", "from a list"])
def test_a_portal_that_nobody_asked_is_asked_before_its_first_job_is_planned(
    scene: Scene, is_listed: bool
) -> None:
    """A webhook's, for instance: the answer comes while the first calls are under way."""
    scene.sandbox.settings(edition="on_premise", terminate_seconds=0.2)
    ids = scene.add(300)

    scene.finish(scene.queue_listed(ids, seconds=1.0) if is_listed else scene.queue(ids))

    assert largest_batch(scene) <= 4


def test_a_portal_that_did_not_tell_when_it_was_asked_is_asked_before_its_first_job_is_planned(
    scene: Scene,
) -> None:
    scene.sandbox.settings(edition="on_premise", terminate_seconds=0.2)
    Portal.objects.update(license_asked_at=timezone.now() - timedelta(days=1, minutes=1))

    scene.finish(scene.queue(scene.add(300)))

    assert largest_batch(scene) <= 4


def largest_batch(scene: Scene) -> int:
    """Return how many workflows were stopped by one request, at most."""
    batches: list[list[str]] = [one["commands"] for one in scene.sandbox.asked("portal")]
    return max(commands.count("bizproc.workflow.terminate") for commands in batches)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http500"},
        {"kind": "limit"},
        {"kind": "error", "code": "user_access_error", "status": 401},
        {"kind": "cut_after"},
    ],
    ids=lambda fault: fault.get("code") or fault["kind"],
)
def test_a_failed_question_for_the_licence_is_asked_again_in_minutes(
    scene: Scene, fault: dict[str, Any]
) -> None:
    scene.sandbox.settings(edition="on_premise")
    scene.sandbox.fault(method="app.info", times=1, **fault)
    scene.finish(scene.queue(scene.add(3)))
    scene.finish(scene.queue(scene.add(3)))
    assert scene.asked("app.info") == 1
    assert limits.bucket_of(Portal.objects.get()).rate is not None

    Portal.objects.update(license_asked_at=F("license_asked_at") - timedelta(minutes=6))
    scene.finish(scene.queue(scene.add(3)))

    assert scene.asked("app.info") == 2
    assert limits.bucket_of(Portal.objects.get()).rate is None


def test_a_portal_that_does_not_tell_its_licence_is_asked_again_another_day(scene: Scene) -> None:
    Portal.objects.update(license="de_ent250", license_family="ent")
    scene.sandbox.fault(kind="error", method="app.info", code="ERROR_METHOD_NOT_FOUND", status=404)
    scene.finish(scene.queue(scene.add(3)))
    Portal.objects.update(license_asked_at=F("license_asked_at") - timedelta(hours=23))
    scene.finish(scene.queue(scene.add(3)))
    assert scene.asked("app.info") == 1
    assert Portal.objects.get().license_family == "ent"

    Portal.objects.update(license_asked_at=F("license_asked_at") - timedelta(hours=2))
    scene.finish(scene.queue(scene.add(3)))

    assert scene.asked("app.info") == 2
