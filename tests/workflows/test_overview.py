"""The figures on top of the list, against the portal in a box, in both dialects of its filters."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from bxapp.portals import removal
from bxapp.portals.models import Portal
from bxapp.workflows import kinds
from bxapp.workflows.models import KeptOverview, PersonName, TemplateName
from tests.workflows.conftest import WORKFLOWS, Frame
from tests.workflows.figures import OVERVIEW, age_overviews, figure, figures, listed

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db

METHOD = "bizproc.workflow.instances"


@pytest.fixture(params=["published", "documented"])
def dialect(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    """A portal whose filters are as the servers have them, or as the documentation promises."""
    sandbox.settings(filter_dialect=request.param, date_filter_shift_minutes=-180)
    return str(request.param)


def test_the_figures_are_those_of_the_portals_record(frame: Frame, sandbox: Sandbox, dialect: str) -> None:
    answer = frame.get(OVERVIEW)

    record = listed(sandbox)
    users = {user["id"]: user for user in sandbox.portal()["users"]}
    templates = {one["id"]: one for one in sandbox.portal()["templates"]}
    dismissed = sum(not users.get(one["started_by"], {"active": True})["active"] for one in record)
    hung = sum(one["behaviour"] == "hung" for one in record)
    assert hung > 0 < dismissed
    texts = list(figures(answer))
    assert f"{WORKFLOWS} running" in texts
    assert f"{hung} hung" in texts
    assert f"{dismissed} started by dismissed employees" in texts
    counted = Counter(one["template_id"] for one in record)
    visible = sorted((count for ID, count in counted.items() if templates[ID]["listed"]), reverse=True)
    shown = [count for ID, count in counted.items() if f"{count} {templates[ID]['name']}" in texts]
    assert sorted(shown, reverse=True) == visible[:5]
    hidden = sum(count for ID, count in counted.items() if not templates[ID]["listed"])
    assert f"{hidden} automation rules" in texts
    of_kinds = Counter(_kind_of(one) for one in record)
    assert [text for text in texts if text in {f"{count} {label}" for label, count in of_kinds.items()}] == [
        f"{count} {label}" for label, count in of_kinds.most_common(6)
    ]
    ages = [timezone.now() - datetime.fromisoformat(one["started"]) for one in record]
    assert figure(answer, "the oldest")[0] == f"{max(ages).days // 30.44:.0f} months the oldest"


def test_a_visit_costs_one_request_once_the_portal_is_known(frame: Frame, sandbox: Sandbox) -> None:
    frame.get(OVERVIEW)
    assert len(sandbox.asked("portal")) <= 6
    age_overviews(minutes=5)
    sandbox.forget()

    frame.get(OVERVIEW)

    (asked,) = sandbox.asked("portal")
    assert asked["method"] == "batch"


def test_counts_are_shown_again_for_a_minute(frame: Frame, sandbox: Sandbox) -> None:
    first = figures(frame.get(f"{OVERVIEW}?shown={WORKFLOWS}"))
    sandbox.forget()

    again = figures(frame.get(f"{OVERVIEW}?page=2&shown={WORKFLOWS}"))

    assert again == first
    assert sandbox.asked("portal") == []
    age_overviews(minutes=2)
    frame.get(OVERVIEW)
    assert len(sandbox.asked("portal")) == 1


def test_the_figures_do_not_contradict_the_list(frame: Frame, sandbox: Sandbox) -> None:
    frame.get(OVERVIEW)
    sandbox.control("POST", "/portals/1/workflows", age_seconds=0)

    answer = frame.get(f"{OVERVIEW}?shown={WORKFLOWS + 1}")

    assert f"{WORKFLOWS + 1} running" in figures(answer)


def test_while_something_is_stopped_they_count_down(frame: Frame, sandbox: Sandbox) -> None:
    frame.get(OVERVIEW)
    for one in listed(sandbox)[:7]:
        sandbox.control("POST", f"/portals/1/workflows/{one['id']}", end=0)
    age_overviews(minutes=0.2)

    assert f"{WORKFLOWS} running" in figures(frame.get(OVERVIEW))
    assert f"{WORKFLOWS - 7} running" in figures(frame.get(f"{OVERVIEW}?fresh=1"))


def test_each_figure_is_a_filter_and_pressed_where_it_is_looked_at(frame: Frame) -> None:
    plain = frame.get(OVERVIEW)
    assert figure(plain, "running")[2]

    for text, (url, is_current) in figures(plain).items():
        if is_current:
            continue
        pressed = {one for one, (_, state) in figures(frame.get(_overview_of(url))).items() if state}
        assert pressed == {text}


@pytest.mark.parametrize(
    ("label", "query"),
    [
        ("hung", "state=hung"),
        ("started by dismissed employees", "by=dismissed"),
        ("automation rules", "origin=rules"),
        ("Deals", "kind=deal"),
    ],
)
def test_a_figure_leads_to_the_list_with_its_filter(frame: Frame, label: str, query: str) -> None:
    assert figure(frame.get(OVERVIEW), label)[1] == f"/workflows/?{query}"
    assert figure(frame.get(f"{OVERVIEW}?{query}"), label)[1:] == ("/workflows/", True)


def test_the_oldest_leads_to_all_of_its_age_the_oldest_first(frame: Frame) -> None:
    url = figure(frame.get(OVERVIEW), "the oldest")[1]

    assert re.fullmatch(r"/workflows/\?older=[0-9]+[dy]&sort=started&direction=asc", url)


def test_links_keep_the_order_of_the_list(frame: Frame) -> None:
    answer = frame.get(f"{OVERVIEW}?sort=modified&direction=asc&page=3")

    assert figure(answer, "hung")[1] == "/workflows/?state=hung&sort=modified&direction=asc"


def test_somebody_dismissed_since_is_counted_at_the_next_look(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/workflows", started_by=4)
    before = figure(frame.get(OVERVIEW), "started by dismissed employees")[0]
    PersonName.objects.filter(user_id=4).update(is_active=False)
    age_overviews(minutes=2)

    after = figure(frame.get(OVERVIEW), "started by dismissed employees")[0]

    of_one = sum(one["started_by"] == 4 for one in listed(sandbox))
    assert int(after.split()[0]) == int(before.split()[0]) + of_one


def test_somebody_new_is_met_and_counted_at_once(frame: Frame, sandbox: Sandbox) -> None:
    gone = next(user["id"] for user in sandbox.portal()["users"] if not user["active"])
    for one in listed(sandbox):
        if one["started_by"] == gone:
            sandbox.control("POST", f"/portals/1/workflows/{one['id']}", end=0)
    before = figure(frame.get(OVERVIEW), "started by dismissed employees")[0]
    assert not PersonName.objects.filter(user_id=gone).exists()
    age_overviews(minutes=2)
    sandbox.control("POST", "/portals/1/workflows", started_by=gone, count=70)
    sandbox.forget()

    after = figure(frame.get(OVERVIEW), "started by dismissed employees")[0]

    # More than the rows of one page, so that they are counted and not only seen.
    assert int(after.split()[0]) == int(before.split()[0]) + 70
    assert len(sandbox.asked("portal")) <= 3


def test_hundreds_of_templates_fit_into_one_request(frame: Frame, sandbox: Sandbox) -> None:
    portal, now = Portal.objects.get(), timezone.now()
    TemplateName.objects.bulk_create(
        TemplateName(portal=portal, template_id=10_000 + number, name=f"No. {number}", refreshed_at=now)
        for number in range(400)
    )

    texts = list(figures(frame.get(OVERVIEW)))

    counted = Counter(one["template_id"] for one in listed(sandbox))
    largest = max(counted[template["id"]] for template in sandbox.portal()["templates"] if template["listed"])
    names = [one["name"] for one in sandbox.portal()["templates"]]
    assert any(f"{largest} {name}" in texts for name in names)
    assert not any("No. " in text for text in texts)


def test_who_is_not_known_yet_makes_it_at_least(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.fault(kind="operating", method="user.get")

    answer = frame.get(OVERVIEW)

    # Nothing is known of anybody: no figure is better than one that says nothing.
    assert figure(answer, "started by dismissed employees")[:2] == ("– started by dismissed employees", "")
    PersonName.objects.create(
        portal=Portal.objects.get(), user_id=6, name="Gone", is_active=False, refreshed_at=timezone.now()
    )
    age_overviews(minutes=2)
    text, url, _ = figure(frame.get(OVERVIEW), "started by dismissed employees")
    of_one = sum(one["started_by"] == 6 for one in listed(sandbox))
    assert (text, url) == (f"at least {of_one} started by dismissed employees", "/workflows/?by=dismissed")


def test_many_that_are_executed_do_not_count_as_hung(frame: Frame, sandbox: Sandbox) -> None:
    hung = sum(one["hung"] for one in listed(sandbox))
    sandbox.control("POST", "/portals/1/workflows", behaviour="executing", count=70, seconds=600)

    assert figure(frame.get(OVERVIEW), "hung")[0] == f"{hung} hung"

    sandbox.control("POST", "/portals/1/workflows", behaviour="executing", count=60, seconds=600)
    age_overviews(minutes=2)
    assert figure(frame.get(OVERVIEW), "hung")[0].startswith("about ")


def test_what_runs_away_is_said_with_a_link(frame: Frame, sandbox: Sandbox) -> None:
    template = next(one for one in sandbox.portal()["templates"] if one["name"] == "Contract approval")
    frame.get(OVERVIEW)
    assert "What has grown" not in frame.get(OVERVIEW).content.decode()
    age_overviews(minutes=24 * 60)
    for _ in range(31):
        sandbox.control("POST", "/portals/1/workflows", template_id=template["id"])

    answer = frame.get(OVERVIEW)

    assert re.search(r"Since yesterday at [0-9:]{5}<", answer.content.decode())
    assert figure(answer, "+31 Contract approval")[1] == f"/workflows/?template={template['id']}"


def test_a_look_costs_few_questions_to_the_database(
    frame: Frame, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    frame.get(OVERVIEW)

    # The actor, the last counts, three earlier ones, the names of templates.
    with django_assert_max_num_queries(8):
        frame.get(OVERVIEW)


def test_an_empty_portal_shows_its_nothing(frame: Frame, sandbox: Sandbox) -> None:
    for one in listed(sandbox):
        sandbox.control("POST", f"/portals/1/workflows/{one['id']}", end=0)

    texts = list(figures(frame.get(OVERVIEW)))

    assert texts == ["0 running", "0 hung", "0 started by dismissed employees", "– the oldest"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http500"},
        {"kind": "cut_before"},
        {"kind": "limit"},
        {"kind": "operating", "method": METHOD},
    ],
)
def test_a_portal_that_fails_is_said_quietly_in_place(
    frame: Frame, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.fault(**fault)

    answer = frame.get(f"{OVERVIEW}?state=hung")

    text = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "could not be asked" in text
    assert 'hx-get="/workflows/overview/?state=hung"' in text
    assert not KeptOverview.objects.exists()


def test_figures_that_are_shown_stay_when_they_cannot_be_had_anew(frame: Frame, sandbox: Sandbox) -> None:
    frame.get(OVERVIEW)
    age_overviews(minutes=1)
    sandbox.fault(kind="http500")

    assert frame.get(f"{OVERVIEW}?fresh=1").status_code == 204


def test_who_lost_the_rights_is_refused(frame: Frame, sandbox: Sandbox) -> None:
    sandbox.fault(kind="rights_lost")

    assert frame.get(OVERVIEW)["X-Flowstop-Refusal"] == "not_administrator"


def test_names_cannot_write_html(frame: Frame, sandbox: Sandbox) -> None:
    frame.get(OVERVIEW)
    TemplateName.objects.update(name="<script>alert(1)</script>\"' onload=x")

    answer = frame.get(OVERVIEW)

    assert b"<script>alert" not in answer.content
    assert any("<script>alert(1)</script>\"' onload=x" in text for text in figures(answer))


def test_they_go_with_the_portals_data(frame: Frame) -> None:
    frame.get(OVERVIEW)
    assert KeptOverview.objects.exists()

    removal.uninstall(Portal.objects.get().pk)

    assert not KeptOverview.objects.exists()


def _kind_of(one: dict[str, Any]) -> str:
    """Return the label of the kind of document that a workflow of the record runs on."""
    return next(
        str(kinds.LABELS[name])
        for name, kind in kinds.KINDS.items()
        if kind.module_id == one["module_id"] and kind.entity in {"", one["entity"]} and name != "crm"
    )


def _overview_of(url: str) -> str:
    return url.replace("/workflows/", OVERVIEW, 1)
