"""The lines of "Running workflows": what the portal sent, with names, as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bxapp.audit.texts import storable
from bxapp.workflows import documents, names, selection
from bxapp.workflows.states import RowState, state_of

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.bitrix.methods import Instance, Person, WorkflowPage
    from bxapp.portals.sessions import Actor
    from bxapp.workflows.documents import Document


# What a database column of a number holds.
LARGEST_NUMBER = 2**63 - 1


class TemplateKind(StrEnum):
    NAMED = "named"
    # Not in the portal's list of templates, which leaves out those of automation rules.
    RULE = "rule"
    # An empty entry that a workflow left behind which was executed while it was stopped.
    GHOST = "ghost"
    # The portal did not tell the names of its templates this time.
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Template:
    """What it is an instance of; ``name`` only where it is NAMED."""

    kind: TemplateKind
    number: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Starter:
    """Who started it: the system, a person by name, or a number where the portal names nobody."""

    user_id: int
    name: str
    is_system: bool = False
    is_dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One workflow as shown; ``workflow`` is what is known of it when it is chosen."""

    id: str
    document: Document
    template: Template
    started: datetime | None
    modified: datetime | None
    starter: Starter
    state: RowState
    workflow: selection.SelectedWorkflow
    actor: Actor

    @property
    def packed(self) -> str:
        """The value of its checkbox."""
        return selection.pack(self.actor, self.workflow)


def assemble(actor: Actor, page: WorkflowPage, now: datetime) -> list[Row]:
    """Return the lines of a page; names that the portal did not send are taken from those kept."""
    portal = actor.portal
    people = names.people(portal, _numbers(page, "started_by"), page.people)
    templates = names.templates(portal, _numbers(page, "template_id"), page.templates)
    return [
        _row(
            actor,
            instance,
            document_name=storable(page.document_names.get(instance.id, "")),
            template=_template(instance, templates, are_told=bool(page.templates)),
            starter=_starter(instance.started_by, people),
            now=now,
        )
        for instance in page.instances
    ]


def _numbers(page: WorkflowPage, field: str) -> set[int]:
    numbers = {getattr(instance, field) for instance in page.instances}
    return {number for number in numbers if 0 < number <= LARGEST_NUMBER}


def _row(
    actor: Actor,
    instance: Instance,
    *,
    document_name: str,
    template: Template,
    starter: Starter,
    now: datetime,
) -> Row:
    module_id, entity, document_id = (
        storable(text) for text in (instance.module_id, instance.entity, instance.document_id)
    )
    workflow = selection.SelectedWorkflow(
        id=instance.id,
        module_id=module_id,
        entity=entity,
        document_id=document_id,
        document_name=document_name,
        template_id=instance.template_id,
        template_name=template.name,
        started=instance.started,
        started_by_id=instance.started_by,
        started_by_name=starter.name,
        is_idle=instance.owned_until is None or instance.is_hung(now),
    )
    return Row(
        id=instance.id,
        document=documents.describe(
            module_id,
            entity,
            document_id,
            name=document_name,
            client_endpoint=actor.portal.client_endpoint,
        ),
        template=template,
        started=instance.started,
        modified=instance.modified,
        starter=starter,
        state=state_of(instance, now),
        workflow=workflow,
        actor=actor,
    )


def _template(instance: Instance, templates: dict[int, str], *, are_told: bool) -> Template:
    number = instance.template_id
    if name := templates.get(number):
        return Template(TemplateKind.NAMED, number, name)
    if instance.is_ghost:
        return Template(TemplateKind.GHOST, number)
    return Template(TemplateKind.RULE if are_told else TemplateKind.UNTOLD, number)


def _starter(user_id: int, people: dict[int, Person]) -> Starter:
    if user_id == 0:
        return Starter(user_id, "", is_system=True)
    person = people.get(user_id)
    if person is None:
        return Starter(user_id, "")
    return Starter(user_id, person.name, is_dismissed=not person.is_active)
