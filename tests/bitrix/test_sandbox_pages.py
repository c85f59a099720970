"""Pages of running workflows with their names, against a portal in a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.bitrix import errors
from bxapp.bitrix.methods import workflow_page

if TYPE_CHECKING:
    from tests.bitrix.portal import Portal

EMPLOYEE = 4


def test_a_page_has_its_rows_and_names(portal: Portal) -> None:
    listed = {one["id"]: one for one in portal.record() if one["in_list"]}
    users = {user["id"]: user for user in portal.sandbox.portal()["users"]}
    templates = {one["id"]: one for one in portal.sandbox.portal()["templates"]}

    page = workflow_page(portal.client(), 1, "started", descending=True)

    assert len(page.instances) == 50
    assert page.total == len(listed)
    assert page.unreadable == 0
    starts = [instance.started for instance in page.instances]
    assert None not in starts
    assert starts == sorted((moment for moment in starts if moment), reverse=True)
    for instance in page.instances:
        record = listed[instance.id]
        if record["tasks"]:
            assert page.document_names[instance.id] == record["document_name"]
        if instance.started_by and not users[instance.started_by]["bot"]:
            assert page.people[instance.started_by].is_active is users[instance.started_by]["active"]
        if instance.template_id and templates[instance.template_id]["listed"]:
            assert page.templates[instance.template_id] == templates[instance.template_id]["name"]
    assert page.document_names
    assert page.people
    assert page.templates


@pytest.mark.parametrize(("pads", "requests"), [(True, 1), (False, 2)], ids=["MySQL", "PostgreSQL"])
def test_a_page_costs_one_request_unless_the_database_minds_blanks(
    portal: Portal, pads: bool, requests: int
) -> None:
    portal.sandbox.settings(pad_space=pads)

    page = workflow_page(portal.client(), 1, "started", descending=True)

    assert page.document_names
    assert len(portal.exchanges) == requests


def test_the_last_page_has_references_that_lead_nowhere(portal: Portal) -> None:
    listed = [one for one in portal.record() if one["in_list"]]

    page = workflow_page(portal.client(), 2, "modified", descending=False)

    assert len(page.instances) == len(listed) - 50
    assert page.total == len(listed)
    named = {one["id"]: one["document_name"] for one in listed if one["tasks"]}
    ids = {instance.id for instance in page.instances}
    assert page.document_names == {key: name for key, name in named.items() if key in ids}


def test_pages_do_not_overlap(portal: Portal) -> None:
    client = portal.client()
    pages = [workflow_page(client, number, "started", descending=False) for number in (1, 2)]
    seen = [instance.id for page in pages for instance in page.instances]
    assert len(seen) == len(set(seen)) == pages[0].total


def test_beyond_the_end_there_is_nothing(portal: Portal) -> None:
    page = workflow_page(portal.client(), 9, "started", descending=True)
    assert page.instances == ()
    assert page.document_names == {}


def test_a_portal_at_rest_has_an_empty_page(portal: Portal) -> None:
    portal.sandbox.control("POST", "/reset")
    client = portal.client()
    for one in portal.record():
        client.call("bizproc.workflow.kill", {"ID": one["id"]})

    page = workflow_page(client, 1, "started", descending=True)

    assert (page.instances, page.unreadable) == ((), 0)


def test_a_small_page_is_cut_to_its_size(portal: Portal) -> None:
    page = workflow_page(portal.client(), 2, "started", descending=True, page_size=10)
    whole = workflow_page(portal.client(), 1, "started", descending=True)
    assert page.instances == whole.instances[10:20]


def test_where_users_cannot_be_asked_for_the_page_comes_without_their_names(portal: Portal) -> None:
    portal.sandbox.fault(kind="operating", method="user.get", times=1)

    page = workflow_page(portal.client(), 1, "started", descending=True)

    assert len(page.instances) == 50
    assert page.people == {}
    assert page.document_names


def test_an_employee_gets_no_page(portal: Portal) -> None:
    with pytest.raises(errors.RightsLost):
        workflow_page(portal.client(EMPLOYEE), 1, "started", descending=True)


@pytest.mark.parametrize(("page", "size"), [(0, 50), (1, 0), (1, 51)])
def test_pages_that_cannot_be(portal: Portal, page: int, size: int) -> None:
    with pytest.raises(ValueError, match="Pages"):
        workflow_page(portal.client(), page, "started", descending=True, page_size=size)
