"""Messages with placeholders: filled in for each workflow, refused in advance, recorded as they were sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.bitrix.client import LONGEST_BATCH
from bxapp.terminations.jobs.messages import Message, MessageProblemError, check
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.models import Job
from tests.terminations.scene import selected

if TYPE_CHECKING:
    from tests.terminations.scene import Scene

ID = "65e5a449e8f135.21284909"


def filled(scene: Scene, typed: str, **known: object) -> str:
    return Message(typed, scene.actor).fill([selected(ID, **known)])[0].text


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Stopped", "Stopped"),
        ("{template}: {document}", "Invoice approval: Deal 1633 · ACME renewal"),
        ("by {user}", "by Anna Berg"),
        ("{ User }, {TEMPLATE}", "Anna Berg, Invoice approval"),
        ("{{user}} is {user}", "{user} is Anna Berg"),
        ("{{anything}}", "{anything}"),
        ("{", "{"),
        ('{"a": 1} {} {a b} }{', '{"a": 1} {} {a b} }{'),
        ("  {user} ", "Anna Berg"),
        ("100 % $result {user}", "100 % $result Anna Berg"),
    ],
)
def test_how_a_message_reads(scene: Scene, typed: str, sent: str) -> None:
    assert filled(scene, typed) == sent


def test_dates_are_those_of_the_person(scene: Scene) -> None:
    started = datetime(2025, 1, 12, 23, 30, tzinfo=UTC)

    with timezone.override("Europe/Berlin"):
        today = timezone.localdate()
        text = filled(scene, "{started} / {date}", started=started)

    assert text == f"13 Jan 2025 / {today.day} {today:%b %Y}"


@pytest.mark.parametrize(
    ("typed", "known", "sent"),
    [
        ("{document}", {"module_id": "", "document_id": "", "document_name": ""}, "no document"),
        ("{template}", {"template_name": ""}, "no. 12"),
        ("{template}", {"template_name": "", "template_id": 0}, "no template"),
        ("{started}", {"started": None}, "unknown"),
        ("{template}", {"template_name": "{user} $& \\1"}, "{user} $& \\1"),
        ("{template}", {"template_name": "a\0b\ud800"}, "ab?"),
    ],
)
def test_what_is_not_known_or_odd(scene: Scene, typed: str, known: dict[str, object], sent: str) -> None:
    assert filled(scene, typed, **known) == sent


def test_a_placeholder_that_is_not_known_names_those_that_are(scene: Scene) -> None:
    with pytest.raises(MessageProblemError) as caught:
        Message("for {name}", scene.actor)

    assert caught.value.problem == "unknown_placeholder"
    assert str(caught.value) == (
        "There is no placeholder {name}. Known are {user} {date} {template} {document} {started};"
        " for the word itself write {{name}}."
    )


def test_too_long_for_some_is_refused_before_anything_is_queued(scene: Scene) -> None:
    chosen = [
        selected("a.1", document_name="short"),
        selected("b.2", document_name="x" * 260),
        selected("c.3", document_name="y" * 300),
    ]

    with pytest.raises(MessageProblemError) as caught:
        queue(scene.actor, chosen, "Stopped: {document}", "key")

    assert caught.value.problem == "too_long"
    assert "too long for 2 workflows: shorten it by 66" in str(caught.value)
    assert "y" * 300 in str(caught.value)
    assert not Job.objects.exists()


def test_exactly_as_long_as_the_portal_keeps(scene: Scene) -> None:
    message = Message("{template}", scene.actor)

    check(message.fill([selected(ID, template_name="é" * 255)]))
    with pytest.raises(MessageProblemError):
        check(message.fill([selected(ID, template_name="é" * 256)]))


def test_a_name_that_the_portal_takes_for_nothing(scene: Scene) -> None:
    with pytest.raises(MessageProblemError) as caught:
        queue(scene.actor, [selected(ID, template_name="0")], "{template}", "key")

    assert caught.value.problem == "zero"
    assert "Deal 1633 · ACME renewal: Enter another message" in str(caught.value)


def test_each_workflow_gets_its_own_text_and_the_record_keeps_it(scene: Scene) -> None:
    ids = scene.add(3)
    chosen = [selected(one, document_name=f"Name {place}") for place, one in enumerate(ids)]

    job = scene.finish(queue(scene.actor, chosen, "{document} stopped", "key"))

    texts = [f"Deal 1633 · Name {place} stopped" for place in range(3)]
    assert [record["title"] for record in scene.records(ids)] == texts
    assert list(job.items.order_by("position").values_list("message", flat=True)) == texts
    assert {entry.workflow_id: entry.message for entry in scene.audited(job)} == dict(
        zip(ids, texts, strict=True)
    )
    assert job.message == "{document} stopped"


def test_a_name_that_a_batch_would_alter_goes_in_a_call_of_its_own(scene: Scene) -> None:
    ids = scene.add(6)
    odd = "Offer $result[stop0]"
    chosen = [selected(one, document_name=odd if one == ids[2] else "Offer") for one in ids]

    job = queue(scene.actor, chosen, "{document}", "key")
    assert list(job.items.order_by("position").values_list("batch_limit", flat=True)) == [
        1 if one == ids[2] else LONGEST_BATCH for one in ids
    ]
    scene.finish(job)

    assert scene.record(ids[2])["title"] == f"Deal 1633 · {odd}"
    assert {record["title"] for record in scene.records(ids)} == {
        "Deal 1633 · Offer",
        f"Deal 1633 · {odd}",
    }
