"""What failed is tried again in a job of its own, and the two jobs know each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bxapp.audit.models import AuditEntry
from bxapp.terminations.models import Job
from tests.terminations.scene import text_of

if TYPE_CHECKING:
    from django.test import Client

    from tests.terminations.scene import Scene


def test_failed_ones_become_a_new_job(scene: Scene, frame: Client) -> None:
    good, bad = scene.add(2), scene.add(2, "corrupt")
    first = scene.finish(scene.queue([*good, *bad], "{document} stopped"))
    assert (first.terminated, first.failed) == (2, 2)
    assert ">Retry failed</button>" in text_of(frame.get(f"/jobs/{first.pk}/"))

    dialog = text_of(frame.post(f"/jobs/{first.pk}/retry/"))

    assert ">Terminate 2 workflows</button>" in dialog
    assert f"Tries again what failed in job {first.pk}." in dialog
    assert 'value="{document} stopped"' in dialog
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', dialog))
    answer = frame.post("/terminations/", {**fields, "message": "{document} once more"})
    second = Job.objects.get(retry_of=first)
    assert answer["Location"] == f"/jobs/{second.pk}/"
    assert set(second.items.values_list("workflow_id", flat=True)) == set(bad)
    assert (second.items.first() or second).message == "Deal 1633 · ACME renewal once more"
    (entry,) = scene.audited(second, AuditEntry.Kind.JOB_QUEUED)
    assert entry.other_job_id == first.pk
    assert f'href="/jobs/{second.pk}/"' in text_of(frame.get(f"/jobs/{first.pk}/"))
    assert f'href="/jobs/{first.pk}/"' in text_of(frame.get(f"/jobs/{second.pk}/"))
    assert f"It tries again what failed in job {first.pk}." in text_of(frame.get("/audit/"))


def test_the_leave_to_use_other_rights_is_proposed_again(scene: Scene, frame: Client) -> None:
    job = scene.finish(scene.queue(scene.add(1, "corrupt")))
    assert "checked" not in text_of(frame.post(f"/jobs/{job.pk}/retry/"))
    Job.objects.filter(pk=job.pk).update(may_use_other_grants=True)

    assert 'name="may_use_other_grants" value="1" checked' in text_of(frame.post(f"/jobs/{job.pk}/retry/"))


def test_nothing_has_failed(scene: Scene, frame: Client) -> None:
    job = scene.finish(scene.queue(scene.add(1)))

    answer = frame.post(f"/jobs/{job.pk}/retry/")

    assert answer.status_code == 422
    assert "Nothing of this job has failed" in text_of(answer)
    assert "Retry failed" not in text_of(frame.get(f"/jobs/{job.pk}/"))


def test_another_portals_job_is_out_of_reach(scene: Scene, frame: Client) -> None:
    failed = scene.finish(scene.queue(scene.add(1, "corrupt")))
    dialog = text_of(frame.post(f"/jobs/{failed.pk}/retry/"))
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', dialog))
    scene.as_another_portals(failed)

    assert frame.post(f"/jobs/{failed.pk}/retry/").status_code == 404
    frame.post("/terminations/", {**fields, "message": "Stopped"})
    assert Job.objects.exclude(pk=failed.pk).get().retry_of is None
