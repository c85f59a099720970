"""The lines of "Running workflows": what the portal sent, with names, as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bxapp.workflows import documents, names, selection

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.bitrix.methods import Instance, Person, WorkflowPage
    from bxapp.portals.sessions import Actor
    from bxapp.workflows.documents import Document


class RowState(StrEnum):
    RUNNING = "running"
    # Locked by the portal at this moment.
    EXECUTING = "executing"
    # Its lock is long over: it will not go on by itself.
    HUNG = "hung"


@dataclass(frozen=True, slots=True)
class Starter:
    """Who started it: the system, a person by name, or a number where the portal names nobody."""

    user_id: int | None
    name: str
    is_system: bool = False
    is_dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One workflow as shown; ``packed`` is the value of its checkbox.

    ``template`` is empty where the portal lists no template of that number: an automation rule, or an empty
    entry (``is_ghost``) that a workflow left behind which was executed while it was stopped.
    """

    id: str
    document: Document
    template: str
    is_ghost: bool
    started: datetime | None
    modified: datetime | None
    starter: Starter
    state: RowState
    packed: str


def assemble(actor: Actor, page: WorkflowPage, now: datetime) -> list[Row]:
    """Return the lines of a page; names that the portal did not send are taken from those kept."""
    portal = actor.portal
    people = names.people(portal, _numbers(page, "started_by"), page.people)
    templates = names.templates(portal, _numbers(page, "template_id"), page.templates)
    return [
        _row(actor, instance, page.document_names.get(instance.id, ""), people, templates, now)
        for instance in page.instances
    ]


def _numbers(page: WorkflowPage, field: str) -> set[int]:
    return {number for instance in page.instances if (number := getattr(instance, field))}


def _row(
    actor: Actor,
    instance: Instance,
    document_name: str,
    people: dict[int, Person],
    templates: dict[int, str],
    now: datetime,
) -> Row:
    document = documents.describe(
        instance.module_id,
        instance.entity,
        instance.document_id,
        name=document_name,
        client_endpoint=actor.portal.client_endpoint,
    )
    starter = _starter(instance.started_by, people)
    template = templates.get(instance.template_id or 0, "")
    packed = selection.pack(
        actor,
        selection.SelectedWorkflow(
            id=instance.id,
            module_id=instance.module_id,
            entity=instance.entity,
            document_id=instance.document_id,
            document_name=document_name,
            template_id=instance.template_id,
            template_name=template,
            started=instance.started,
            started_by_id=instance.started_by,
            started_by_name="" if starter.is_system else starter.name,
        ),
    )
    return Row(
        id=instance.id,
        document=document,
        template=template,
        is_ghost=instance.is_ghost,
        started=instance.started,
        modified=instance.modified,
        starter=starter,
        state=_state(instance, now),
        packed=packed,
    )


def _starter(user_id: int | None, people: dict[int, Person]) -> Starter:
    if not user_id:
        return Starter(user_id, "", is_system=user_id == 0)
    person = people.get(user_id)
    if person is None:
        return Starter(user_id, "")
    return Starter(user_id, person.name, is_dismissed=not person.is_active)


def _state(instance: Instance, now: datetime) -> RowState:
    if instance.is_executing(now):
        return RowState.EXECUTING
    return RowState.HUNG if instance.is_hung(now) else RowState.RUNNING
