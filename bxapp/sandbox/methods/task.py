"""``bizproc.task.list`` (``bizproc/lib/restservice.php``, ``bizproc/classes/general/taskservice.php``).

The list joins participants only when ``USER_ID`` or ``USER_STATUS`` is asked for, then with a row
for each; templates only when their name is, dropping tasks without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bxapp.sandbox import dates, php
from bxapp.sandbox.call import PAGE, Listing, Method
from bxapp.sandbox.filters import Column, Condition, Kind, predicate_of, read_filter, read_order, read_select

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call
    from bxapp.sandbox.world import Portal, Task, TaskMember, Template, User, Workflow


@dataclass(frozen=True, slots=True)
class Joined:
    task: Task
    workflow: Workflow
    template: Template | None
    member: TaskMember | None


def _template_name(row: Joined) -> str | None:
    return row.template.name if row.template else None


COLUMNS: dict[str, Column[Joined]] = {
    "ID": Column(Kind.NUMBER, lambda row: row.task.id),
    "ACTIVITY": Column(Kind.TEXT, lambda row: row.task.activity),
    "ACTIVITY_NAME": Column(Kind.TEXT, lambda row: f"A{row.task.id}"),
    "WORKFLOW_ID": Column(Kind.TEXT, lambda row: row.task.workflow_id),
    "DOCUMENT_NAME": Column(Kind.TEXT, lambda row: row.task.document_name),
    "DESCRIPTION": Column(Kind.TEXT, lambda row: row.task.description),
    "NAME": Column(Kind.TEXT, lambda row: row.task.name),
    "MODIFIED": Column(Kind.DATE, lambda row: row.task.modified),
    "WORKFLOW_STARTED": Column(Kind.DATE, lambda row: row.workflow.started),
    "WORKFLOW_STARTED_BY": Column(Kind.NUMBER, lambda row: row.workflow.started_by),
    "OVERDUE_DATE": Column(Kind.DATE, lambda row: row.task.overdue),
    "WORKFLOW_TEMPLATE_ID": Column(Kind.NUMBER, lambda row: row.workflow.template_id),
    "WORKFLOW_TEMPLATE_NAME": Column(Kind.TEXT, _template_name),
    "WORKFLOW_STATE": Column(Kind.TEXT, lambda row: row.workflow.title),
    "STATUS": Column(Kind.NUMBER, lambda row: row.task.status),
    "USER_ID": Column(Kind.NUMBER, lambda row: row.member.user_id if row.member else None),
    "USER_STATUS": Column(Kind.NUMBER, lambda row: row.member.status if row.member else None),
    "MODULE_ID": Column(Kind.TEXT, lambda row: row.workflow.module_id),
    "ENTITY": Column(Kind.TEXT, lambda row: row.workflow.entity),
    "DOCUMENT_ID": Column(Kind.TEXT, lambda row: row.workflow.document_id),
}
_MEMBER_FIELDS = {"USER_ID", "USER_STATUS"}


async def task_list(call: Call) -> Listing:
    """Own and subordinates' tasks; an administrator without ``USER_ID`` gets all."""
    params = php.upper_keys(call.params)
    settings = call.portal.settings
    select = read_select(
        params.get("SELECT"), (*COLUMNS, "PARAMETERS"), ["ID", "WORKFLOW_ID", "DOCUMENT_NAME", "NAME"]
    )
    conditions = read_filter(params.get("FILTER"), COLUMNS, settings)
    order = read_order(params.get("ORDER"), COLUMNS, [("ID", True)])
    wanted_user = next((one.value for one in conditions if (one.operator, one.name) == ("", "USER_ID")), None)
    if wanted_user is None and not call.user.admin:
        wanted_user = call.user.id
        conditions.append(Condition("", "USER_ID", wanted_user))
    target = php.integer(wanted_user)
    if target != call.user.id and not _subordinate(call.portal, call.user, target):
        call.require_admin()
    used = {*select, *(one.name for one in conditions), *(name for name, _ in order)}
    rows = _joined(
        call.portal,
        conditions,
        members=not used.isdisjoint(_MEMBER_FIELDS),
        templates="WORKFLOW_TEMPLATE_NAME" in used,
    )
    for name, backwards in reversed(order):
        rows.sort(key=_key(name), reverse=backwards)
    select = [*dict.fromkeys(("ENTITY", "DOCUMENT_ID", *select))]
    if call.start < 0:
        return Listing([_told(call, row, select) for row in rows[:PAGE]], 0)
    page_number = call.start // PAGE
    if page_number * PAGE >= len(rows):
        page_number = 0
    first = page_number * PAGE
    page = [_told(call, row, select) for row in rows[first : first + PAGE]]
    return Listing(page, len(rows), first + PAGE if first + PAGE < len(rows) else None)


def _joined(portal: Portal, conditions: list[Condition], *, members: bool, templates: bool) -> list[Joined]:
    tests = [predicate_of(one, COLUMNS[one.name], exact_texts=True) for one in conditions]
    rows: list[Joined] = []
    for task in _candidates(portal, conditions):
        workflow = portal.workflows.get(task.workflow_id)
        if workflow is None or workflow.killed:
            continue
        template = portal.templates.get(workflow.template_id)
        if templates and template is None:
            continue
        for member in task.members if members else (None,):
            row = Joined(task, workflow, template, member)
            if all(test(row) for test in tests):
                rows.append(row)
    return rows


def _candidates(portal: Portal, conditions: list[Condition]) -> list[Task]:
    """The tasks of the workflows that are asked for by ID, else all."""
    for one in conditions:
        if (one.operator, one.name) == ("", "WORKFLOW_ID"):
            values = [value for _, value in php.items(one.value)] if php.is_array(one.value) else [one.value]
            ids = dict.fromkeys(one.fold(php.text(value)).lower() for value in values)
            return [portal.tasks[number] for found in ids for number in portal.tasks_of.get(found, ())]
    return list(portal.tasks.values())


def _key(name: str) -> Any:
    value = COLUMNS[name].value
    return lambda row: ((found := value(row)) is not None, found)


def _subordinate(portal: Portal, head: User, user_id: int) -> bool:
    user = portal.users.get(user_id)
    while user is not None and user.head_id is not None:
        if user.head_id == head.id:
            return True
        user = portal.users.get(user.head_id)
    return False


def _told(call: Call, row: Joined, select: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for name in select:
        value = COLUMNS[name].value(row) if name in COLUMNS else []
        if isinstance(value, datetime):
            value = dates.tell(value, call.portal.settings.server_zone_minutes)
        elif isinstance(value, int):
            value = str(value)
        answer[name] = value
    document = call.portal.document_of(row.workflow)
    answer["DOCUMENT_URL"] = document.path if document and "MODULE_ID" in answer else ""
    return answer


METHODS = (Method("bizproc.task.list", "bizproc", task_list, listing=True),)
