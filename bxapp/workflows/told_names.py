"""Names for many workflows at once, asked of the portal by ID: documents, people and templates.

A name that does not come is missing, no more: names are for reading, and nothing is decided by them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.answers import Answer, number, rows
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import BitrixError
from bxapp.bitrix.methods import WorkflowPage
from bxapp.bitrix.methods.people import people_command, read_people
from bxapp.bitrix.parts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance

# As many as one page of an answer holds.
_PER_COMMAND = 50


@dataclass(slots=True)
class Named:
    """People and templates whose names have been asked for before."""

    people: set[int] = field(default_factory=set)
    templates: set[int] = field(default_factory=set)


def add(
    client: Client, instances: tuple[Instance, ...], unreadable: int, named: Named | None = None
) -> WorkflowPage:
    """Return the workflows with what the portal tells of their names.

    ``named``: whose names not to ask for again; it grows.
    """
    commands = dict(_commands(instances, named or Named()))
    answers: dict[str, list[dict[str, Any]]] = {}
    for keys in in_parts(list(commands), LONGEST_BATCH):
        answers |= _asked(client, {key: commands[key] for key in keys})
    return WorkflowPage(
        instances=instances,
        total=len(instances),
        document_names={
            row["WORKFLOW_ID"]: name
            for row in _rows_of(answers, "tasks")
            if isinstance(row.get("WORKFLOW_ID"), str) and (name := _text(row.get("DOCUMENT_NAME")))
        },
        people=read_people(list(_rows_of(answers, "people"))),
        templates={
            template_id: name
            for row in _rows_of(answers, "templates")
            if (template_id := number(row.get("ID"))) and (name := _text(row.get("NAME")))
        },
        unreadable=unreadable,
    )


def _commands(instances: Sequence[Instance], named: Named) -> Iterator[tuple[str, Command]]:
    people = sorted({one.started_by for one in instances if one.started_by > 0} - named.people)
    templates = sorted({one.template_id for one in instances if one.template_id > 0} - named.templates)
    named.people |= set(people)
    named.templates |= set(templates)
    for place, ids in enumerate(in_parts(people, _PER_COMMAND)):
        yield f"people{place}", people_command(ids)
    for place, ids in enumerate(in_parts(templates, _PER_COMMAND)):
        params: dict[str, object] = {"select": ["ID", "NAME"], "filter": {"ID": ids}, "order": {"ID": "ASC"}}
        yield f"templates{place}", Command("bizproc.workflow.template.list", params)
    for place, workflow_ids in enumerate(in_parts([instance.id for instance in instances], _PER_COMMAND)):
        params = {
            "select": ["ID", "WORKFLOW_ID", "DOCUMENT_NAME"],
            "filter": {"WORKFLOW_ID": workflow_ids},
            "order": {"ID": "DESC"},
        }
        yield f"tasks{place}", Command("bizproc.task.list", params)


def _asked(client: Client, commands: dict[str, Command]) -> dict[str, list[dict[str, Any]]]:
    try:
        answers = client.batch(commands).answers
    except BitrixError:
        return {}
    return {key: rows(answer.result) for key, answer in answers.items() if isinstance(answer, Answer)}


def _rows_of(answers: dict[str, list[dict[str, Any]]], prefix: str) -> Iterable[dict[str, Any]]:
    return (row for key, found in answers.items() if key.startswith(prefix) for row in found)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
