"""From the dialog to the job by reference; the preview of the message; the leave to use other rights."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils import timezone

from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import BlockedReason, ItemState, JobState
from bxapp.workflows import keeping
from bxapp.workflows.models import KeptSelection
from tests.terminations.scene import selected, text_of
from tests.terminations.test_screens import packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.test import Client

    from tests.terminations.scene import Scene

IDS = [f"65e5a449e8f13{number}.21284909" for number in range(5)]


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of a dialog."""
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def opened(scene: Scene, frame: Client, ids: Sequence[str]) -> dict[str, str]:
    return fields_of(text_of(frame.post("/terminations/dialog/", {"selected": packed(scene, ids)})))


def test_the_reference_becomes_the_job(scene: Scene, frame: Client) -> None:
    fields = opened(scene, frame, IDS)

    answer = frame.post("/terminations/", {**fields, "message": "Stopped"})

    assert answer.status_code == 303
    assert list(Item.objects.order_by("position").values_list("workflow_id", flat=True)) == IDS


def test_everything_but_what_was_taken_out_and_what_was_added(scene: Scene, frame: Client) -> None:
    everything = keeping.keep(scene.actor.portal, [selected(one) for one in IDS[:4]])
    form = {
        "snapshot": everything.reference,
        "left_out": IDS[1:3],
        "selected": packed(scene, [IDS[4], IDS[0]]),
    }

    page = text_of(frame.post("/terminations/dialog/", form))

    assert ">Terminate 3 workflows</button>" in page
    frame.post("/terminations/", {**fields_of(page), "message": "Stopped"})
    assert set(Item.objects.values_list("workflow_id", flat=True)) == {IDS[0], IDS[3], IDS[4]}


def test_a_whole_snapshot_is_kept_once(scene: Scene, frame: Client) -> None:
    everything = keeping.keep(scene.actor.portal, [selected(one) for one in IDS])

    page = text_of(frame.post("/terminations/dialog/", {"snapshot": everything.reference}))

    assert fields_of(page)["selection"] == everything.reference
    assert KeptSelection.objects.count() == 1


def test_everything_taken_out_is_nothing_chosen(scene: Scene, frame: Client) -> None:
    everything = keeping.keep(scene.actor.portal, [selected(one) for one in IDS])

    answer = frame.post("/terminations/dialog/", {"snapshot": everything.reference, "left_out": IDS})

    assert answer.status_code == 422
    assert "No workflow is selected" in text_of(answer)


def test_fifty_thousand_taken_out_are_not_too_many_fields(scene: Scene, frame: Client) -> None:
    everything = keeping.keep(scene.actor.portal, [selected(one) for one in IDS])
    form = {"snapshot": everything.reference, "left_out": [f"{number:032x}" for number in range(50_000)]}

    answer = frame.post(
        "/terminations/dialog/", urlencode(form, doseq=True), "application/x-www-form-urlencoded"
    )

    assert answer.status_code == 200


def test_a_list_that_is_not_kept_any_more(scene: Scene, frame: Client) -> None:
    fields = opened(scene, frame, IDS)
    KeptSelection.objects.all().delete()

    answer = frame.post("/terminations/", {**fields, "message": "Stopped"})

    assert answer.status_code == 422
    assert "The selection is out of date" in text_of(answer)


def test_the_preview_of_the_first_three(scene: Scene, frame: Client) -> None:
    fields = opened(scene, frame, IDS)

    page = text_of(frame.post("/terminations/preview/", {**fields, "message": "{template} by {user}"}))

    assert page.count("Invoice approval by Anna Berg") == 3
    assert "It will read, in the first 3 of 5:" in page
    assert page.count("29 / 255") == 3


def test_the_preview_says_what_is_wrong(scene: Scene, frame: Client) -> None:
    fields = opened(scene, frame, IDS)

    unknown = text_of(frame.post("/terminations/preview/", {**fields, "message": "{name}"}))
    long = text_of(frame.post("/terminations/preview/", {**fields, "message": "x" * 240 + "{template}"}))

    assert "There is no placeholder {name}." in unknown
    assert "too long for 3 workflows: shorten it by 1," in long
    assert "256 / 255" in long


def test_a_message_without_placeholders_needs_no_preview(scene: Scene, frame: Client) -> None:
    fields = opened(scene, frame, IDS)

    assert text_of(frame.post("/terminations/preview/", {**fields, "message": "Stopped"})) == ""


def test_too_long_for_one_comes_back_with_the_sentence(scene: Scene, frame: Client) -> None:
    rows = packed(scene, IDS[:1], document_name="x" * 300)
    fields = fields_of(text_of(frame.post("/terminations/dialog/", {"selected": rows})))

    answer = frame.post("/terminations/", {**fields, "message": "{document}"})

    page = text_of(answer)
    assert answer.status_code == 422
    assert "too long for 1 workflow: shorten it by 57" in page
    assert 'aria-invalid="true"' in page
    assert fields_of(page) == fields
    assert not Job.objects.exists()


def test_the_leave_to_use_other_rights_is_off_unless_given(scene: Scene, frame: Client) -> None:
    page = text_of(frame.post("/terminations/dialog/", {"selected": packed(scene, IDS)}))
    assert (
        '<input type="checkbox" name="may_use_other_grants" value="1"> '
        "Go on with another administrator's rights if mine are lost</label>"
    ) in page

    frame.post("/terminations/", {**fields_of(page), "message": "Stopped"})
    other = opened(scene, frame, IDS)
    frame.post("/terminations/", {**other, "message": "Stopped", "may_use_other_grants": "1"})

    assert list(Job.objects.order_by("pk").values_list("may_use_other_grants", flat=True)) == [False, True]


def test_a_job_says_until_when_it_waits_for_the_portal(scene: Scene, frame: Client) -> None:
    job = scene.queue(IDS[:1])
    until = timezone.now().replace(second=30, microsecond=0) + timedelta(minutes=10)
    Job.objects.update(
        state=JobState.BLOCKED, blocked_reason=BlockedReason.PORTAL_LIMIT, not_before=until, blocked_at=until
    )
    zone = scene.actor.time_zone or "UTC"

    page = text_of(frame.get(f"/jobs/{job.pk}/"))

    with timezone.override(zone):
        clock = f"{timezone.localtime(until + timedelta(seconds=30)):%H:%M}"
    assert f"· waiting for the portal until {clock}</p>" in page
    assert f"waiting for the portal until {clock}" in text_of(frame.get("/jobs/"))


def test_an_item_whose_workflow_another_job_holds_names_that_job(scene: Scene, frame: Client) -> None:
    first, second = scene.queue(IDS[:1]), scene.queue(IDS[:2])
    first.items.update(state=ItemState.SENT, lease="5f0c1f6a9b7d4e3c8a2b1d0e9f8a7b6c")

    page = text_of(frame.get(f"/jobs/{second.pk}/"))

    assert page.count(f">waits for job {first.pk}</span>") == 1
    assert page.count(">waiting</span>") == 1
