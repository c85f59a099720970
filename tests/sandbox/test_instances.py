"""``bizproc.workflow.instances``: both dialects of filters, order, pages and their oddities."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.process import SandboxProcess

METHOD = "bizproc.workflow.instances"
ALL = [
    "ID",
    "MODIFIED",
    "OWNED_UNTIL",
    "MODULE_ID",
    "ENTITY",
    "DOCUMENT_ID",
    "STARTED",
    "STARTED_BY",
    "TEMPLATE_ID",
]


def rows(
    sandbox: SandboxProcess, conditions: dict[str, Any] | None = None, **params: Any
) -> list[dict[str, Any]]:
    asked = {"filter": conditions or {}, "select": ALL, "order": {"ID": "asc"}, **params}
    found: list[dict[str, Any]] = sandbox.result(METHOD, asked)
    return found


def every(sandbox: SandboxProcess, conditions: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """All pages, by ID."""
    found: list[dict[str, Any]] = []
    last = ""
    while page := rows(sandbox, {**(conditions or {}), ">ID": last}):
        found += page
        last = page[-1]["ID"]
    return found


def total(sandbox: SandboxProcess, conditions: dict[str, Any]) -> int:
    count: int = sandbox.post(METHOD, {"filter": conditions}).json()["total"]
    return count


def test_administrators_only(sandbox: SandboxProcess) -> None:
    for method in (
        METHOD,
        "bizproc.workflow.template.list",
        "bizproc.workflow.terminate",
        "bizproc.workflow.kill",
    ):
        for user_id in (3, 4):
            answer = sandbox.post(method, {"ID": "x"}, sandbox.token(user_id))
            assert (answer.status_code, answer.json()) == (
                403,
                {"error": "ACCESS_DENIED", "error_description": "Access denied!"},
            )


def test_rows_are_told_in_texts(sandbox: SandboxProcess) -> None:
    (default,) = rows(sandbox, start=0, select=[])[:1]
    assert set(default) == {"ID", "MODIFIED", "OWNED_UNTIL"}
    row = rows(sandbox, select=[name.lower() for name in ALL])[0]
    assert set(row) == set(ALL)
    assert row["TEMPLATE_ID"].isdigit()
    assert row["STARTED_BY"].isdigit()
    assert datetime.fromisoformat(row["STARTED"]).utcoffset() == timedelta(hours=3)
    assert sandbox.result("bizproc.workflow.instance.list")


def test_the_default_order_is_the_latest_change_first(sandbox: SandboxProcess) -> None:
    found = sandbox.result(METHOD)
    assert [row["MODIFIED"] for row in found] == sorted((row["MODIFIED"] for row in found), reverse=True)


def test_pages_of_fifty_with_total_and_next(sandbox: SandboxProcess) -> None:
    first = sandbox.post(METHOD).json()
    assert (len(first["result"]), first["total"], first["next"]) == (50, 120, 50)
    last = sandbox.post(METHOD, {"start": 100}).json()
    assert (len(last["result"]), last["total"], "next" in last) == (20, 120, False)
    beyond = sandbox.post(METHOD, {"start": 500}).json()
    assert (beyond["result"], beyond["total"], "next" in beyond) == ([], 500, False)
    by_text = sandbox.post(METHOD, {"start": "50"}).json()
    assert by_text["next"] == 100


def test_start_below_zero_does_not_count(sandbox: SandboxProcess) -> None:
    answer = sandbox.post(METHOD, {"start": -1}).json()
    assert (len(answer["result"]), answer["total"], "next" in answer) == (50, 0, False)
    nothing = sandbox.post(METHOD, {"start": -1, "filter": {">ID": "z"}}).json()
    assert (nothing["result"], nothing["total"], nothing["next"]) == ([], 0, -1)
    sandbox.set(start_without_count=False)
    refused = sandbox.post(METHOD, {"start": -1})
    assert (refused.status_code, refused.json()["error"]) == (500, "ERROR_CORE")


@pytest.mark.parametrize(
    "key", ["=TEMPLATE_ID", "!=TEMPLATE_ID", "template_id", "%TEMPLATE_ID", "@TEMPLATE_ID", "NO"]
)
def test_a_published_server_ignores_what_it_does_not_know(sandbox: SandboxProcess, key: str) -> None:
    assert total(sandbox, {key: "0"}) == 120


def test_a_documented_server_keeps_its_promises(sandbox: SandboxProcess) -> None:
    sandbox.set(filter_dialect="documented")
    template = rows(sandbox)[0]["TEMPLATE_ID"]
    count = total(sandbox, {"TEMPLATE_ID": template})
    assert 0 < count < 120
    assert total(sandbox, {"=TEMPLATE_ID": template}) == count
    assert total(sandbox, {"=template_id": template}) == count
    assert total(sandbox, {"!=TEMPLATE_ID": template}) == 120 - count
    entity = "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic"
    found = every(sandbox, {"=ENTITY": entity})
    assert found
    assert {row["ENTITY"] for row in found} == {entity}


@pytest.mark.parametrize("dialect", ["published", "documented"])
def test_an_exact_id_and_ranges_of_ids(sandbox: SandboxProcess, dialect: str) -> None:
    sandbox.set(filter_dialect=dialect)
    ids = [row["ID"] for row in every(sandbox)]
    assert ids == sorted(ids)
    assert len(ids) == 120
    assert [row["ID"] for row in rows(sandbox, {">=ID": ids[7], "<=ID": ids[7]})] == [ids[7]]
    assert total(sandbox, {">ID": ids[7], "<=ID": ids[10]}) == 3
    assert total(sandbox, {"ID": ids[:5]}) == 5
    assert total(sandbox, {"!ID": ids[:5]}) == 115


@pytest.mark.parametrize("pads", [True, False], ids=["MySQL", "PostgreSQL"])
def test_blanks_at_the_end_count_in_some_databases(sandbox: SandboxProcess, pads: bool) -> None:
    sandbox.set(pad_space=pads)
    ids = [row["ID"] for row in every(sandbox)]
    asked = f"{ids[7]} "
    assert total(sandbox, {">=ID": asked, "<=ID": asked}) == (1 if pads else 0)
    assert rows(sandbox, {">ID": asked})[0]["ID"] == ids[8]
    (with_task,) = sandbox.add(with_task=True)
    tasks = sandbox.result("bizproc.task.list", {"filter": {"WORKFLOW_ID": [f"{with_task} "]}})
    assert len(tasks) == (1 if pads else 0)
    assert total(sandbox, {"ENTITY": "CCrmDocumentDeal "}) == 0, "LIKE minds them everywhere"


def test_a_bare_text_is_compared_with_like(sandbox: SandboxProcess) -> None:
    deals = total(sandbox, {">=ENTITY": "CCrmDocumentDeal", "<=ENTITY": "CCrmDocumentDeal"})
    assert 0 < deals < 120
    assert total(sandbox, {"ENTITY": "ccrmdocumentdeal"}) == deals
    assert total(sandbox, {"ENTITY": "CCrmDocument_eal"}) == deals
    assert total(sandbox, {"ENTITY": "%Deal"}) == deals
    assert total(sandbox, {"!ENTITY": "%Deal"}) == 120 - deals
    entity = "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic"
    assert total(sandbox, {">=ENTITY": entity, "<=ENTITY": entity}) > 0
    assert total(sandbox, {"ENTITY": entity}) == 0
    assert total(sandbox, {"ENTITY": entity.replace("\\", "\\\\")}) > 0


def test_numbers_lists_and_combinations(sandbox: SandboxProcess) -> None:
    everything = every(sandbox)
    by_system = [row for row in everything if row["STARTED_BY"] == "0"]
    assert total(sandbox, {"STARTED_BY": 0}) == len(by_system) > 0
    assert total(sandbox, {"STARTED_BY": ["0", "1"]}) == len(
        [r for r in everything if r["STARTED_BY"] in "01"]
    )
    assert total(sandbox, {"!STARTED_BY": 0}) == 120 - len(by_system)
    deals = [row for row in by_system if row["ENTITY"] == "CCrmDocumentDeal"]
    found = every(sandbox, {"STARTED_BY": 0, ">=ENTITY": "CCrmDocumentDeal", "<=ENTITY": "CCrmDocumentDeal"})
    assert found == deals


def test_idle_and_locked_ones(sandbox: SandboxProcess) -> None:
    idle, locked = total(sandbox, {"OWNED_UNTIL": ""}), total(sandbox, {"!OWNED_UNTIL": ""})
    assert idle + locked == 120
    hung = total(sandbox, {"<OWNED_UNTIL": datetime.now().astimezone().isoformat()})
    assert 0 < hung < locked


def test_dates_are_compared_as_moments(sandbox: SandboxProcess) -> None:
    everything = every(sandbox)
    middle = sorted(everything, key=lambda row: datetime.fromisoformat(row["STARTED"]))[60]["STARTED"]
    wanted = sum(
        datetime.fromisoformat(row["STARTED"]) >= datetime.fromisoformat(middle) for row in everything
    )
    assert total(sandbox, {">=STARTED": middle}) == wanted
    utc = datetime.fromisoformat(middle).astimezone().isoformat()
    assert total(sandbox, {">=STARTED": utc}) == wanted
    assert total(sandbox, {"STARTED": middle}) >= 1
    assert total(sandbox, {">=STARTED": "not a date"}) == 0


def test_date_filters_may_be_off_by_a_zone(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(age_seconds=3600, idle_seconds=3600)
    this = {">=ID": one, "<=ID": one}
    modified = rows(sandbox, this)[0]["MODIFIED"]
    assert total(sandbox, {**this, ">=MODIFIED": modified}) == 1
    sandbox.set(date_filter_shift_minutes=120)
    assert total(sandbox, {**this, ">=MODIFIED": modified}) == 0
    assert rows(sandbox, this)[0]["MODIFIED"] == modified, "dates in answers are right"
    sandbox.set(date_filter_shift_minutes=0, converts_started=False)
    started = datetime.fromisoformat(rows(sandbox, this)[0]["STARTED"])
    elsewhere = started.astimezone(timezone(timedelta(hours=9))).isoformat()
    assert total(sandbox, {**this, ">=STARTED": elsewhere}) == 0


def test_orders(sandbox: SandboxProcess) -> None:
    for name in ("ID", "STARTED", "MODIFIED", "TEMPLATE_ID", "ENTITY"):
        for direction in ("asc", "DESC"):
            found = rows(sandbox, order={name: direction})
            values = [int(row[name]) if row[name].isdigit() else row[name].upper() for row in found]
            assert values == sorted(values, reverse=direction == "DESC"), (name, direction)
    unknown = rows(sandbox, order={"NAME": "asc"})
    assert [r["MODIFIED"] for r in unknown] == sorted((r["MODIFIED"] for r in unknown), reverse=True)


def test_offsets_skip_rows_that_vanish_and_ids_do_not(sandbox: SandboxProcess) -> None:
    ids = [row["ID"] for row in every(sandbox)]
    first = rows(sandbox)
    for one in ids[:10]:
        sandbox.result("bizproc.workflow.terminate", {"ID": one})
    by_offset = [row["ID"] for row in first + rows(sandbox, start=50)]
    assert not set(ids[50:60]) & set(by_offset)
    by_id = [row["ID"] for row in first + rows(sandbox, {">ID": first[-1]["ID"]})]
    assert set(ids[50:60]) <= set(by_id)


def test_templates_leave_out_automation_rules(sandbox: SandboxProcess) -> None:
    answer = sandbox.post("bizproc.workflow.template.list", {"select": ["ID", "NAME", "AUTO_EXECUTE"]}).json()
    names = {row["ID"]: row["NAME"] for row in answer["result"]}
    assert names["11"] == "Contract approval"
    assert answer["total"] == len(names)
    used = {row["TEMPLATE_ID"] for row in every(sandbox)}
    assert used - set(names), "robots run without a listed template"
    one = sandbox.result("bizproc.workflow.template.list", {"filter": {"ID": 11}, "select": ["NAME"]})
    assert one == [{"NAME": "Contract approval"}]


def test_tasks_of_others_are_for_administrators(sandbox: SandboxProcess) -> None:
    (one,) = sandbox.add(task_users=[4, 6], document_name="A deal")
    mine = sandbox.result("bizproc.task.list", {"filter": {"WORKFLOW_ID": one}}, sandbox.token(4))
    assert [(row["WORKFLOW_ID"], row["DOCUMENT_NAME"], row["DOCUMENT_URL"]) for row in mine] == [
        (one, "A deal", "")
    ]
    assert sandbox.post("bizproc.task.list", {"filter": {"USER_ID": 6}}, sandbox.token(4)).status_code == 403
    per_person = sandbox.result(
        "bizproc.task.list",
        {
            "filter": {"WORKFLOW_ID": one, "STATUS": 0},
            "select": ["ID", "USER_ID", "USER_STATUS", "MODULE_ID"],
        },
    )
    assert sorted(row["USER_ID"] for row in per_person) == ["4", "6"]
    assert per_person[0]["DOCUMENT_URL"].startswith("/")
    waits = {"filter": {"USER_ID": 6, "STATUS": 0, "USER_STATUS": 0, "WORKFLOW_ID": one}}
    assert len(sandbox.result("bizproc.task.list", waits)) == 1


def test_a_task_page_beyond_the_end_is_the_first_page_again(sandbox: SandboxProcess) -> None:
    sandbox.add(60, with_task=True)
    first = sandbox.post("bizproc.task.list").json()
    beyond = sandbox.post("bizproc.task.list", {"start": 5000}).json()
    assert beyond["result"] == first["result"]
    assert beyond["next"] == 50
