"""What has to be said before so much, or something protected, is stopped: on the screen, at the terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.jobs.safeguards import ProtectedNotConfirmedError, is_count
from bxapp.terminations.models import Item, Job
from bxapp.workflows import keeping, protected
from tests.terminations.scene import MESSAGE, selected, text_of
from tests.terminations.terminal import a_worker, typed
from tests.terminations.test_dialog import fields_of, opened
from tests.terminations.test_screens import packed

if TYPE_CHECKING:
    from django.test import Client

    from tests.terminations.scene import Scene

IDS = [f"65e5a449e8f13{number}.21284909" for number in range(5)]
MANY = [f"65e5a449e8{number:04x}.21284909" for number in range(128)]


@pytest.mark.parametrize(
    "text",
    ["1284", " 1,284 ", "1.284", "1 284", "1\u00a0284", "1\u202f284", "1'284", "1’284", "١٢٨٤", "1_284"],
)
def test_a_number_as_people_write_it(text: str) -> None:
    assert is_count(text, 1284)


@pytest.mark.parametrize(
    "text", ["", "1283", "12840", "-1284", "1284x", "0x504", "²1284", "1" * 5000, "1284\x00"]
)
def test_another_number_or_none(text: str) -> None:
    assert not is_count(text, 1284)


def test_below_a_hundred_nothing_is_typed(scene: Scene, frame: Client) -> None:
    page = text_of(frame.post("/terminations/dialog/", {"selected": packed(scene, MANY[:99])}))

    assert "typed_number" not in page
    assert frame.post("/terminations/", {**fields_of(page), "message": MESSAGE}).status_code == 303


@pytest.mark.parametrize("text", ["", "127", "all"])
def test_from_a_hundred_on_the_number_is_typed(scene: Scene, frame: Client, text: str) -> None:
    page = text_of(frame.post("/terminations/dialog/", {"selected": packed(scene, MANY)}))
    assert re.search(r'<label for="termination-number">Type 128 to confirm</label>', page)
    form = {**fields_of(page), "message": MESSAGE, "may_use_other_grants": "1"}

    refused = frame.post("/terminations/", {**form, "typed_number": text})

    again = text_of(refused)
    assert refused.status_code == 422
    assert "Type the number of workflows, 128, to confirm." in again
    assert f'value="{MESSAGE}"' in again
    assert f'name="typed_number" value="{text}"' in again
    assert 'name="may_use_other_grants" value="1" checked' in again
    assert fields_of(again) == fields_of(page), "the same list, and the same key"
    assert not Job.objects.exists()
    assert frame.post("/terminations/", {**form, "typed_number": "128"}).status_code == 303
    assert Job.objects.get().total == 128


def test_a_protected_template_is_confirmed_by_itself(scene: Scene, frame: Client) -> None:
    protected.protect(scene.actor, 12)
    rows = packed(scene, IDS[:3], template_id=12) + packed(scene, IDS[3:], template_id=31)
    page = text_of(frame.post("/terminations/dialog/", {"selected": rows}))
    assert "Yes, terminate 3 of the protected template “no. 12”" in page
    assert 'name="confirmed_protected" value="31"' not in page
    form = {**fields_of(page), "message": MESSAGE}

    refused = frame.post("/terminations/", {**form, "confirmed_protected": "31"})

    assert refused.status_code == 422
    assert "Tick each protected template" in text_of(refused)
    assert not Job.objects.exists()
    assert frame.post("/terminations/", {**form, "confirmed_protected": ["12"]}).status_code == 303
    assert Item.objects.count() == 5


def test_protected_since_the_dialog_was_opened(scene: Scene, frame: Client) -> None:
    fields = opened(scene, frame, IDS)
    protected.protect(scene.actor, selected(IDS[0]).template_id or 0)

    answer = frame.post("/terminations/", {**fields, "message": MESSAGE})

    assert answer.status_code == 422
    assert "Yes, terminate 5 of the protected template" in text_of(answer)


def test_whoever_queues_has_to_say_it(scene: Scene) -> None:
    protected.protect(scene.actor, 12)
    chosen = [selected(one, template_id=12) for one in IDS]

    with pytest.raises(ProtectedNotConfirmedError):
        queue(scene.actor, chosen, MESSAGE, uuid4().hex)

    assert queue(scene.actor, chosen, MESSAGE, uuid4().hex, confirmed_protected=[12]).total == 5


def test_the_terminal_refuses_them_unless_they_are_meant_too(scene: Scene) -> None:
    ids = scene.add(2, template_id=11)
    protected.protect(scene.actor, 11)

    refused = typed("terminate", *ids, "--message", MESSAGE, "--yes")
    assert "Protected templates are among the selection:" in refused.said
    assert "--include-protected" in refused.said
    assert not Job.objects.exists()
    # Without a worker the command would wait for workflows that come back.
    with a_worker(scene.actor.portal.pk):
        ended = typed("terminate", *ids, "--message", MESSAGE, "--yes", "--include-protected")

    assert ended.code == 0, ended.said
    assert {one["ended_how"] for one in scene.records(ids)} == {"terminate"}


def test_the_dialog_tells_what_it_is_made_of(scene: Scene, frame: Client) -> None:
    everything = keeping.keep(
        scene.actor.portal,
        [selected(one, template_name=f"Template {place // 2}") for place, one in enumerate(MANY[:12])]
        + [selected(one, module_id="lists", document_id="7", template_name="") for one in MANY[12:15]],
    )

    page = text_of(frame.post("/terminations/dialog/", {"snapshot": everything.reference}))

    told = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "15 workflows will be terminated:" in told
    assert "Documents Deal 12 · List item 3" in told
    assert "The oldest started" in told
    assert "not known yet: this portal has had no job so far" in told
    assert "feed posts" in told
