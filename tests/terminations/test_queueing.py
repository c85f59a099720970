"""Storing a job's items: each column as the model wants it, and fifty thousand of them in seconds."""

from __future__ import annotations

from time import process_time

from django.utils import timezone

from bxapp.portals.sessions import Actor, Channel
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.models import Item
from bxapp.workflows import keeping
from tests.terminations.rows import new_grant, new_item
from tests.terminations.scene import selected


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


def test_fifty_thousand_are_queued_in_seconds(database: None) -> None:
    """From the reference that the dialog carries to the stored job, in seconds of this process's own work."""
    grant = new_grant()
    count = 50_000
    chosen = (selected(f"65e5{number:010x}.{number:08d}") for number in range(count))
    reference = keeping.keep(grant.portal, chosen).reference
    begun = process_time()

    kept = keeping.kept(grant.portal, reference)
    job = queue(Actor(grant.portal, grant, Channel.FRAME), kept.workflows, "{document} stopped", "key")

    assert process_time() - begun < 5
    assert job.items.count() == count
