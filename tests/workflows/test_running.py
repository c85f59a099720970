"""The screen "Running workflows", against the portal in a box."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bxapp.portals import sessions
from bxapp.portals.models import AccessGrant, Portal
from bxapp.workflows import keeping
from bxapp.workflows.models import PersonName, TemplateName
from bxapp.workflows.selection import unpack
from tests.workflows.conftest import WORKFLOWS, Frame, table

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from bxapp.workflows.selection import SelectedWorkflow
    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db

ALL = f"1–50 of {WORKFLOWS}"


def _actor() -> sessions.Actor:
    return sessions.Actor(Portal.objects.get(), AccessGrant.objects.get(), sessions.Channel.FRAME)


def _chosen(answer: Any) -> list[Any]:
    return [unpack(_actor(), value) for value in table(answer)[1]]


def _everything(answer: Any) -> list[SelectedWorkflow]:
    """Return the list that an answer with everything refers to."""
    found = re.search(r'data-snapshot="([0-9a-f]+)"', answer.content.decode())
    assert found
    return keeping.kept(Portal.objects.get(), found[1]).workflows


def test_it_shows_the_newest_fifty_of_what_runs(frame: Frame) -> None:
    answer = frame.get()

    rows, _ = table(answer)
    started = [workflow.started for workflow in _chosen(answer)]
    assert len(rows) == 50
    assert started == sorted(started, reverse=True)
    assert ALL in answer.content.decode()


def test_a_page_costs_one_request_to_the_portal(frame: Frame, sandbox: Sandbox) -> None:
    frame.get()
    frame.get("/workflows/?page=2&sort=modified&direction=asc")

    asked = sandbox.asked("portal")
    assert len(asked) == 2, asked


def test_a_page_costs_few_questions_to_the_database(
    frame: Frame, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    frame.get()

    # The actor, the grant's pair, the names of people and of templates.
    with django_assert_max_num_queries(6):
        frame.get()


def test_the_portals_record_and_the_page_agree(frame: Frame, sandbox: Sandbox) -> None:
    pages = [frame.get(f"/workflows/?page={page}") for page in (1, 2, 3)]

    shown = {workflow.id: workflow for page in pages for workflow in _chosen(page)}
    record = {one["id"]: one for one in sandbox.control("GET", "/portals/1/workflows")}
    running = {key: one for key, one in record.items() if one["in_list"]}
    assert shown.keys() == running.keys()
    for key, workflow in shown.items():
        assert workflow.document_id == running[key]["document_id"]


@pytest.mark.parametrize(
    ("query", "sort", "is_descending"),
    [
        ("", "started", True),
        ("?sort=started&direction=asc", "started", False),
        ("?sort=modified", "modified", True),
        ("?sort=modified&direction=asc", "modified", False),
        ("?sort=nonsense&direction=nonsense", "started", True),
    ],
)
def test_it_can_be_sorted(frame: Frame, query: str, sort: str, is_descending: bool) -> None:
    answer = frame.get(f"/workflows/{query}")

    moments = [getattr(row, sort) for row in answer.context["rows"]]
    assert moments == sorted(moments, reverse=is_descending)
    direction = "descending" if is_descending else "ascending"
    assert answer.content.decode().count("aria-sort") == 1
    assert answer.context[sort].aria_sort == direction


def test_pages_follow_each_other_without_gap(frame: Frame) -> None:
    pages = [_chosen(frame.get(f"/workflows/?page={number}")) for number in (1, 2, 3)]

    assert [len(page) for page in pages] == [50, 50, WORKFLOWS - 100]
    assert len({workflow.id for page in pages for workflow in page}) == WORKFLOWS


def test_the_pager_keeps_the_order(frame: Frame) -> None:
    text = html.unescape(frame.get("/workflows/?sort=modified&direction=asc&page=2").content.decode())

    assert "51–100 of 120" in text
    assert 'href="/workflows/?sort=modified&direction=asc&page=3"' in text


def test_every_link_names_its_path(frame: Frame) -> None:
    # In the portal's frame the page's own address stays that of the launch.
    text = frame.get("/workflows/?page=2").content.decode()

    assert 'href="?' not in text
    assert 'href=""' not in text


def test_beyond_the_end_it_says_so_and_leads_back(frame: Frame) -> None:
    text = frame.get("/workflows/?page=40").content.decode()

    assert "Nothing is left on this page" in text
    assert "page=1" in text
    assert "1950" not in text


@pytest.mark.parametrize("page", ["0", "-3", "x", "", "99999999999999999999", "１"])
def test_a_page_that_is_none_is_the_first(frame: Frame, page: str) -> None:
    assert ALL in frame.get(f"/workflows/?page={page}").content.decode()


def test_states_are_told_apart(frame: Frame, sandbox: Sandbox) -> None:
    for behaviour in ("hung", "executing"):
        sandbox.control("POST", "/portals/1/workflows", behaviour=behaviour, age_seconds=0, idle_seconds=0)

    rows, _ = table(frame.get())

    states = [row[-1] for row in rows]
    assert {"running", "hung", "being executed"} <= set(states)


def test_who_started_it(frame: Frame, sandbox: Sandbox) -> None:
    users = {user["id"]: user for user in sandbox.portal()["users"]}
    dismissed = next(key for key, user in users.items() if not user["active"])
    wishes: list[dict[str, Any]] = [
        {"started_by": 0},
        {"started_by": 1},
        {"started_by": dismissed},
        {"started_by": 9999},
    ]
    for place, wish in enumerate(wishes):
        sandbox.control("POST", "/portals/1/workflows", age_seconds=10 * place, idle_seconds=0, **wish)

    by = [row[4] for row in table(frame.get())[0][:4]]

    assert by[:2] == ["System", "Anna Berg"]
    assert by[2].endswith("dismissed")
    assert by[3] == "no. 9999"


def test_names_cannot_write_html(frame: Frame, sandbox: Sandbox) -> None:
    deals = next(one["id"] for one in sandbox.portal()["templates"] if one["name"] == "Contract approval")
    sandbox.control(
        "POST",
        "/portals/1/workflows",
        template_id=deals,
        age_seconds=0,
        document_name="<script>alert(1)</script>\"' onload=x",
        with_task=True,
    )

    answer = frame.get()

    assert b"<script>alert" not in answer.content
    assert "<script>alert(1)</script>\"' onload=x" in table(answer)[0][0][1]
    assert _chosen(answer)[0].document_name == "<script>alert(1)</script>\"' onload=x"


def test_names_are_kept_for_when_the_portal_does_not_tell_them(frame: Frame, sandbox: Sandbox) -> None:
    before, _ = table(frame.get())
    assert PersonName.objects.exists()
    assert TemplateName.objects.exists()
    for method in ("user.get", "bizproc.workflow.template.list"):
        sandbox.fault(kind="operating", method=method)

    after, _ = table(frame.get())

    assert [row[4] for row in after] == [row[4] for row in before]
    assert [row[2] for row in after] == [row[2] for row in before]


def test_nothing_is_called_a_rule_when_the_portal_did_not_tell_its_templates(
    frame: Frame, sandbox: Sandbox
) -> None:
    for method in ("bizproc.task.list", "bizproc.workflow.template.list"):
        sandbox.fault(kind="operating", method=method)

    templates = {row[2] for row in table(frame.get())[0]}

    assert all(template.startswith("no. ") for template in templates), templates


def test_an_empty_portal_says_that_nothing_runs(frame: Frame, sandbox: Sandbox) -> None:
    for workflow in sandbox.control("GET", "/portals/1/workflows"):
        sandbox.control("POST", f"/portals/1/workflows/{workflow['id']}", end=0)

    text = frame.get().content.decode()

    assert "Nothing is running" in text
    assert "<table" not in text


@pytest.mark.parametrize(
    ("fault", "status", "title"),
    [
        ({"kind": "http500"}, 502, "The portal cannot be reached"),
        ({"kind": "empty"}, 502, "The portal cannot be reached"),
        ({"kind": "cut_before"}, 502, "The portal cannot be reached"),
        ({"kind": "limit"}, 503, "The portal is busy"),
        ({"kind": "operating", "method": "bizproc.workflow.instances"}, 503, "The portal is busy"),
        ({"kind": "portal_deleted"}, 502, "The portal cannot be reached"),
    ],
)
def test_when_there_is_no_list_it_says_why_and_offers_another_try(
    frame: Frame, sandbox: Sandbox, fault: dict[str, Any], status: int, title: str
) -> None:
    sandbox.fault(**fault)

    answer = frame.get("/workflows/?page=2&sort=modified")

    text = html.unescape(answer.content.decode())
    assert (answer.status_code, answer.context["text"].title) == (status, title)
    assert "<table" not in text
    assert 'href="/workflows/?page=2&sort=modified"' in text
    assert "Try again" in text


@pytest.mark.parametrize(
    ("switches", "reason"),
    [
        ({"workflows_available": False}, "no_workflows_in_plan"),
        ({"rest_available": False}, "no_workflows_in_plan"),
        ({"payment_expired": True}, "not_paid"),
    ],
)
def test_what_trying_again_cannot_help_is_a_refusal(
    frame: Frame, sandbox: Sandbox, switches: dict[str, Any], reason: str
) -> None:
    sandbox.settings(**switches)

    assert frame.get()["X-Flowstop-Refusal"] == reason


def test_who_lost_the_rights_is_refused(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.fault(kind="rights_lost")

    answer = frame.get()

    assert answer["X-Flowstop-Refusal"] == "not_administrator"
    assert b"<table" not in answer.content


def test_the_frame_gets_the_content_alone_and_a_browser_the_whole_page(frame: Frame) -> None:
    fragment, page = frame.get().content.decode(), frame.get(htmx=False).content.decode()

    assert fragment.lstrip().startswith("<title>Running workflows</title>")
    assert "<nav class" not in fragment.split("<table")[0]
    assert page.startswith("<!doctype html>")
    for name in ("Running workflows", "Jobs", "Audit log", "Settings"):
        assert f">{name}</a>" in page


def test_it_can_only_be_read(frame: Frame) -> None:
    assert frame.client.post("/workflows/", headers=frame.headers).status_code == 405


def test_it_is_closed_to_strangers(client: Client) -> None:
    answer = client.get("/workflows/")

    assert (answer.status_code, answer["X-Flowstop-Refusal"]) == (403, "outside_portal")


def test_settings_show_portal_person_and_installation(frame: Frame) -> None:
    text = frame.get("/settings/").content.decode()

    for shown in ("Anna Berg", Portal.objects.get().domain, "0.1.0", "bound"):
        assert shown in text


def test_everything_can_be_chosen_where_there_is_more_than_a_page(frame: Frame, sandbox: Sandbox) -> None:
    assert f"Select all {WORKFLOWS} matching workflows" in frame.get().content.decode()
    sandbox.forget()

    answer = frame.post("/workflows/snapshots/", {"total": WORKFLOWS})

    chosen = _everything(answer)
    record = {one["id"]: one for one in sandbox.control("GET", "/portals/1/workflows")}
    assert {workflow.id for workflow in chosen} == {key for key, one in record.items() if one["in_list"]}
    assert len(sandbox.asked("portal")) == 2  # the list, and its names


def test_chosen_by_the_page_or_all_at_once_they_are_the_same(frame: Frame) -> None:
    shown = _chosen(frame.get())
    answer = frame.post("/workflows/snapshots/", {"total": WORKFLOWS})
    everything = {workflow.id: workflow for workflow in _everything(answer)}

    for workflow in shown:
        # A box does not carry of which moment it is that the workflow was idle.
        assert replace(everything[workflow.id], is_idle=False) == workflow
