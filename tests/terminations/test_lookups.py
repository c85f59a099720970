"""``any_of`` finds what ``in`` finds, on both databases, however many there are."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bxapp.terminations.models import Item
from tests.terminations.rows import new_grant, new_item, new_job

pytestmark = pytest.mark.django_db

ODD = ["65e5a449e8f135.21284909", 'a"b', "c'd", "e\\f,{g}", "Ж %s", "null"]


def test_texts_with_any_signs_are_found() -> None:
    job = new_job(new_grant(), total=len(ODD))
    for position, text in enumerate(ODD):
        new_item(job, workflow_id=text, position=position)

    found = Item.objects.filter(workflow_id__any_of=[*ODD[1:], "another"]).order_by("position")

    assert [item.workflow_id for item in found] == ODD[1:]


def test_numbers_are_found_and_others_left() -> None:
    job = new_job(new_grant(), total=3)
    first, second, third = (new_item(job, position=position) for position in range(3))

    assert set(Item.objects.filter(pk__any_of=[first.pk, third.pk, 2**62])) == {first, third}
    assert set(Item.objects.exclude(pk__any_of={first.pk, third.pk})) == {second}


@pytest.mark.parametrize("name", ["pk__any_of", "workflow_id__any_of"])
def test_nothing_is_one_of_none(name: str) -> None:
    new_item(new_job(new_grant()))

    assert not Item.objects.filter(**{name: []}).exists()
    assert Item.objects.exclude(**{name: []}).count() == 1


def test_a_hundred_thousand_are_one_parameter() -> None:
    item = new_item(new_job(new_grant()))
    wanted = [item.workflow_id, *(uuid4().hex for _ in range(100_000))]

    with CaptureQueriesContext(connection) as queries:
        found = list(Item.objects.filter(workflow_id__any_of=wanted))

    assert found == [item]
    assert len(queries) == 1
