"""One page of what runs, with the names that its rows only number, in one request.

The names are asked for by references to the first command's rows (``$result[rows][3][ID]``), which the
server replaces before it runs a later command (``rest/classes/general/rest_util.php``). What it does with
one that leads nowhere, because the page has fewer rows than were referred to, decides their shape:

- A text that is nothing but one reference becomes whatever the path reached before it ended: here the list
  of all rows. As a filter value of ``bizproc.task.list`` that is a PHP error, which takes the whole batch
  down (``CBPHelper::prepareSql`` escapes it as a text).
- A text with anything else in it is left as it is, when the path does not end at a text or number.

So every reference carries one more character, which the comparison does not see: numbers a zero in front
(the server reads them as integers: ``007`` is 7, and an unresolved one is 0, which nobody is), workflow IDs
a blank behind (MySQL compares texts without regard to blanks at their end).

PostgreSQL does mind the blank. So the batch also asks for the first row again in the same manner: where
that finds nothing, the document names are asked for once more, in a second request, with the IDs themselves.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from bxapp.bitrix.answers import Answer, number, rows, whole_list
from bxapp.bitrix.client import Command
from bxapp.bitrix.errors import BitrixError, MethodFailed, Unheard
from bxapp.bitrix.methods.instances import FIELDS, METHOD, PAGE_ROWS, Instance, read_instance
from bxapp.bitrix.methods.people import Person, people_command, read_people

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from bxapp.bitrix.client import Client

Sort = Literal["started", "modified"]

_COLUMNS: dict[Sort, str] = {"started": "STARTED", "modified": "MODIFIED"}
_TASK_FIELDS = ["ID", "WORKFLOW_ID", "DOCUMENT_NAME"]
# The templates' names too; these leave out tasks whose template is deleted.
_OPEN_TASK_FIELDS = [*_TASK_FIELDS, "WORKFLOW_TEMPLATE_ID", "WORKFLOW_TEMPLATE_NAME"]
_TASK_PAGE_STARTS = (0, 50)


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    """A page of running workflows, and what is known of the names in it.

    ``total``: how many run in all, as the portal counts (beyond the last page: the page's offset).
    ``unreadable``: rows without a usable ID, which are left out.
    """

    instances: tuple[Instance, ...]
    total: int
    document_names: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[int, Person] = field(default_factory=dict)
    templates: Mapping[int, str] = field(default_factory=dict)
    unreadable: int = 0


def workflow_page(
    client: Client,
    page: int,
    sort: Sort,
    descending: bool,
    page_size: int = PAGE_ROWS,
    where: Mapping[str, object] | None = None,
) -> WorkflowPage:
    """Return page ``page`` (from 1) of what runs, at most 50 rows.

    ``where`` is the filter of the portal's list; what the portal makes of it is not checked here.

    Names that the portal does not give (no scope for users, hidden templates, workflows that never had a
    task) are missing. Raises BitrixError when the rows themselves could not be had.
    """
    if page < 1 or not 0 < page_size <= PAGE_ROWS:
        raise ValueError("Pages count from 1 and have 1 to 50 rows.")
    answers = _first_request(client, rows_command((page - 1) * page_size, sort, descending, where), page_size)
    listing = answers.pop("rows")
    if isinstance(listing, BitrixError):
        raise listing
    read = [read_instance(row) for row in whole_list(listing.result)[:page_size]]
    instances = [instance for instance in read if instance is not None]
    unanswered = _unanswered(instances, answers)
    if unanswered:
        # The rows are there: they are worth showing, whatever becomes of their names.
        with suppress(BitrixError):
            answers |= client.batch(unanswered).answers
    return WorkflowPage(
        instances=tuple(instances),
        total=max(listing.total or 0, len(instances)),
        document_names=_document_names(answers, {instance.id for instance in instances}),
        people=read_people(_rows_of(answers, "people")),
        templates=_templates(answers),
        unreadable=len(read) - len(instances),
    )


def _first_request(client: Client, rows_command: Command, page_size: int) -> dict[str, Answer | BitrixError]:
    places = range(page_size)
    first = "$result[rows][0][ID] "
    commands = (
        {"rows": rows_command}
        | _document_commands([f"$result[rows][{place}][ID] " for place in places])
        | {"people": people_command([f"0$result[rows][{place}][STARTED_BY]" for place in places])}
        | _template_command([f"0$result[rows][{place}][TEMPLATE_ID]" for place in places])
        | {"probe": Command(METHOD, {"select": ["ID"], "filter": {">=ID": first, "<=ID": first}})}
    )
    try:
        return client.batch(commands).answers
    except Unheard as error:
        if not error.server_failed:
            raise
        # A names command at which PHP fails takes the whole batch down: the rows alone may still come.
        return {"rows": client.call(rows_command.method, rows_command.params)}


def rows_command(
    start: int, sort: Sort, descending: bool, where: Mapping[str, object] | None = None
) -> Command:
    """Return the command for the rows from the ``start``-th on (from 0), in an order."""
    direction = "DESC" if descending else "ASC"
    params: dict[str, object] = {
        "select": list(FIELDS),
        "order": {_COLUMNS[sort]: direction, "ID": direction},
        "start": start,
    }
    if where:
        params["filter"] = dict(where)
    return Command(METHOD, params)


def _document_commands(workflow_ids: Sequence[str]) -> dict[str, Command]:
    """Ask for tasks of these workflows, open ones first: any task tells its document's name."""
    listed: dict[str, object] = {"WORKFLOW_ID": list(workflow_ids)}
    commands: dict[str, Command] = {}
    for start in _TASK_PAGE_STARTS:
        commands[f"open_tasks{start}"] = _task_command(listed | {"STATUS": 0}, _OPEN_TASK_FIELDS, start)
        commands[f"tasks{start}"] = _task_command(listed, _TASK_FIELDS, start)
    return commands


def _task_command(where: Mapping[str, object], fields: Sequence[str], start: int) -> Command:
    return Command(
        "bizproc.task.list",
        {"select": list(fields), "filter": where, "order": {"ID": "DESC"}, "start": start},
    )


def _template_command(template_ids: Sequence[str]) -> dict[str, Command]:
    params: dict[str, object] = {
        "select": ["ID", "NAME"],
        "filter": {"ID": list(template_ids)},
        "order": {"ID": "ASC"},
    }
    return {"templates": Command("bizproc.workflow.template.list", params)}


def _unanswered(
    instances: Sequence[Instance], answers: Mapping[str, Answer | BitrixError]
) -> dict[str, Command]:
    """Return the commands for what the references could not find in this portal."""
    commands: dict[str, Command] = {}
    if not instances or not answers:
        return commands
    if not _rows_of(answers, "probe"):
        commands |= _document_commands([instance.id for instance in instances])
    starters = sorted({instance.started_by for instance in instances} - {0})
    if starters and not _rows_of(answers, "people") and _may_repeat(answers.get("people")):
        commands["people"] = people_command([str(user_id) for user_id in starters])
    return commands


def _may_repeat(answer: Answer | BitrixError | None) -> bool:
    return isinstance(answer, Answer | MethodFailed)


def _rows_of(answers: Mapping[str, Answer | BitrixError], prefix: str) -> list[dict[str, Any]]:
    """Return the rows of every answered command whose key starts so; none of those that failed."""
    return [
        row
        for key, answer in answers.items()
        if key.startswith(prefix) and isinstance(answer, Answer)
        for row in rows(answer.result)
    ]


def _document_names(
    answers: Mapping[str, Answer | BitrixError], workflow_ids: Container[str]
) -> dict[str, str]:
    return {
        row["WORKFLOW_ID"]: name
        for row in _rows_of(answers, "tasks") + _rows_of(answers, "open_tasks")
        if (name := _name(row.get("DOCUMENT_NAME")))
        and isinstance(row.get("WORKFLOW_ID"), str)
        and row["WORKFLOW_ID"] in workflow_ids
    }


def _templates(answers: Mapping[str, Answer | BitrixError]) -> dict[int, str]:
    """Return template names; those that the list hides come from the tasks, where there are any."""
    found: dict[int, str] = {}
    for prefix, id_field, name_field in (
        ("open_tasks", "WORKFLOW_TEMPLATE_ID", "WORKFLOW_TEMPLATE_NAME"),
        ("templates", "ID", "NAME"),
    ):
        for row in _rows_of(answers, prefix):
            template_id, name = number(row.get(id_field)), _name(row.get(name_field))
            if template_id and name:
                found[template_id] = name
    return found


def _name(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
