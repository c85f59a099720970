"""Storing a job's items: each column as the model wants it, and fifty thousand of them in seconds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.portals.models import AccessGrant
from bxapp.portals.sessions import Actor, Channel
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.models import Item, Job
from bxapp.workflows import keeping
from tests.terminations.rows import new_grant, new_item
from tests.terminations.scene import selected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bxapp.workflows.selection import SelectedWorkflow


def test_an_item_is_as_the_model_makes_it(database: None) -> None:
    grant = new_grant()
    started = timezone.now()
    workflow = selected("65e5a449e8f135.21284909", started=started)

    job = queue(Actor(grant.portal, grant, Channel.FRAME), [workflow], "Stopped", "key")

    item = job.items.get()
    by_the_model = new_item(job, position=1, workflow_id="another")
    by_the_model.refresh_from_db()
    own = {
        "module_id": "crm",
        "entity": "CCrmDocumentDeal",
        "document_id": "DEAL_1633",
        "document_name": "ACME renewal",
        "template_id": 12,
        "template_name": "Invoice approval",
        "workflow_started_at": started,
        "started_by_id": 1,
        "started_by_name": "Greta Lind",
        "message": "Stopped",
    }
    assert {name: getattr(item, name) for name in own} == own
    others = [field.attname for field in Item._meta.concrete_fields if field.attname not in own]
    for name in set(others) - {"id", "position", "workflow_id"}:
        assert getattr(item, name) == getattr(by_the_model, name), name


def test_odd_values_become_what_a_column_holds(database: None) -> None:
    grant = new_grant()
    workflow = selected(
        "65e5a449e8f135.21284909",
        document_name="a\0b" + "ж" * 600,
        template_name="tab\t, line\n, back\\slash, \\N",
        template_id=2**63,
        started=None,
        started_by_id=-1,
    )

    item = queue(Actor(grant.portal, grant, Channel.FRAME), [workflow], "Stopped", "key").items.get()

    assert item.document_name == "ab" + "ж" * 498
    assert item.template_name == "tab\t, line\n, back\\slash, \\N"
    assert (item.template_id, item.workflow_started_at, item.started_by_id) == (None, None, None)


def unnamed(workflow: SelectedWorkflow) -> str:
    return f"no. {workflow.template_id}" if workflow.template_id else "no template"


def test_rows_are_stored_each_as_it_is(database: None) -> None:
    """Equal texts and empty ones, and what means something to the database's way of taking many rows."""
    grant = new_grant()
    odd = [
        "",
        "\\",
        "\\N",
        "\\.",
        "a\tb",
        "a\r\nb",
        "\x08\x0b",
        "'\"{},;|",
        "№ 1\u2028🙂",
        "ж\\",
        "same",
        "same",
    ]
    names = odd * 60
    chosen = [
        selected(
            f"65e5{place:010x}.{place:08d}",
            document_name=name,
            template_name=names[-place],
            started=None if place % 7 else timezone.now(),
            template_id=None if place % 5 else place,
        )
        for place, name in enumerate(names)
    ]

    job = queue(Actor(grant.portal, grant, Channel.FRAME), chosen, "Stopped \\N\t\\: {template}.", "key")

    stored = job.items.order_by("position")
    known = ("workflow_id", "document_name", "template_name", "workflow_started_at", "template_id", "message")
    assert list(stored.values_list(*known)) == [
        (
            one.id,
            one.document_name,
            one.template_name,
            one.started,
            one.template_id,
            f"Stopped \\N\t\\: {one.template_name or unnamed(one)}.",
        )
        for one in chosen
    ]
    assert [one.position for one in stored] == list(range(len(chosen)))


def test_confirmed_again_nothing_is_read_or_stored(database: None) -> None:
    grant = new_grant()
    actor = Actor(grant.portal, grant, Channel.FRAME)
    kept = keeping.keep(grant.portal, [selected("65e5a449e8f135.21284909")])
    first = queue(actor, kept, "Stopped", "key")

    def unread() -> Iterator[SelectedWorkflow]:
        raise AssertionError("the list is read")
        yield

    assert queue(actor, unread(), "Stopped", "key").pk == first.pk
    assert Item.objects.count() == 1


def test_a_list_from_which_some_were_taken_out_is_queued_without_them(database: None) -> None:
    grant = new_grant()
    ids = [f"65e5{number:010x}.{number:08d}" for number in range(9)]
    whole = keeping.keep(grant.portal, [selected(one) for one in ids])
    without = keeping.changed(grant.portal, whole.reference, [ids[0], ids[4]], [])
    fewer = keeping.changed(grant.portal, without.reference, [ids[8]], [selected(ids[4])])

    job = queue(Actor(grant.portal, grant, Channel.FRAME), fewer, "Stopped", "key")

    assert sorted(job.items.values_list("workflow_id", flat=True)) == ids[1:8]
    assert job.total == fewer.count == 7
    assert keeping.members(grant.portal, fewer.reference, ids) == set(ids[1:8])


def test_two_administrators_confirm_the_same_list_twice_each(database: None) -> None:
    """Four requests at one moment: a job for each of the two, whole, with one audit entry."""
    grant = new_grant()
    now = timezone.now()
    other = AccessGrant.objects.create(
        portal=grant.portal, user_id=2, is_admin=True, expires_at=now, renewed_at=now, confirmed_at=now
    )
    ids = [f"65e5{number:010x}.{number:08d}" for number in range(700)]
    reference = keeping.keep(grant.portal, [selected(one) for one in ids]).reference
    together = Barrier(4)

    def confirm(whose: AccessGrant) -> int:
        try:
            kept = keeping.kept(whose.portal, reference)
            together.wait(10)
            actor = Actor(whose.portal, whose, Channel.FRAME)
            return queue(actor, kept, "{document} stopped", f"key-{whose.pk}").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as clicks:
        made = list(clicks.map(confirm, [grant, other, grant, other]))

    assert (made[0], made[1]) == (made[2], made[3])
    assert made[0] != made[1]
    for job in Job.objects.all():
        assert list(job.items.order_by("position").values_list("workflow_id", flat=True)) == ids
    assert Item.objects.count() == 2 * len(ids)
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.JOB_QUEUED).count() == 2


def test_fifty_thousand_are_queued(database: None) -> None:
    """From the reference that the dialog carries to the stored job; how fast, the bench tells."""
    grant = new_grant()
    count = 50_000
    chosen = (selected(f"65e5{number:010x}.{number:08d}") for number in range(count))
    reference = keeping.keep(grant.portal, chosen).reference

    kept = keeping.kept(grant.portal, reference)
    job = queue(Actor(grant.portal, grant, Channel.FRAME), kept.workflows, "{document} stopped", "key")

    assert job.items.count() == count
