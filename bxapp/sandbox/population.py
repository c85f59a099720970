"""Adding workflows with their documents and tasks to a portal."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bxapp.sandbox.catalogue import DEAL_NAMES, kind_of
from bxapp.sandbox.world import Behaviour, Task, TaskMember, Workflow

if TYPE_CHECKING:
    from bxapp.sandbox.world import Document, Portal, Template

_STATES = ("Waiting for approval", "In progress", "На согласовании", "Waiting for documents", "")
_TASKS = (
    ("ApproveActivity", "Approve: {}"),
    ("ReviewActivity", "Ознакомиться: {}"),
    ("RequestInformationActivity", "Add the missing data: {}"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a workflow to be added should be like; None lets chance decide."""

    behaviour: Behaviour = Behaviour.NORMAL
    id: str | None = None
    template_id: int | None = None
    started_by: int | None = None
    age_seconds: float | None = None
    idle_seconds: float | None = None
    """Time since the last change."""
    document_id: str | None = None
    document_name: str | None = None
    title: str | None = None
    with_task: bool | None = None
    task_users: tuple[int, ...] = ()


class UnknownWishError(ValueError):
    """A wish that :class:`Wanted` does not know. The message names it."""


def wish(asked: dict[str, Any]) -> Wanted:
    """:class:`Wanted` from JSON. Raises :class:`UnknownWishError`."""
    strange = set(asked) - {field.name for field in fields(Wanted)}
    if strange:
        raise UnknownWishError(f"A workflow cannot be wished with {', '.join(sorted(strange))}.")
    behaviour = str(asked.get("behaviour", Behaviour.NORMAL))
    if behaviour not in set(Behaviour):
        raise UnknownWishError(f"{behaviour!r} is no behaviour: {', '.join(Behaviour)}.")
    users = tuple(int(user_id) for user_id in asked.get("task_users", ()))
    return Wanted(**{**asked, "behaviour": Behaviour(behaviour), "task_users": users})


def add_workflow(portal: Portal, now: datetime, wanted: Wanted) -> Workflow:
    """Add one running workflow. A ``parent`` comes with the parent that waits for it.

    Raises ``KeyError`` for a template that does not exist.
    """
    chance = portal.random
    template = _template(portal, wanted)
    document = _document(portal, template, wanted)
    age = wanted.age_seconds if wanted.age_seconds is not None else chance.expovariate(1 / (40 * 86400))
    started = (now - timedelta(seconds=age)).replace(microsecond=0)
    idle = wanted.idle_seconds if wanted.idle_seconds is not None else age * chance.random()
    modified = max(started, (now - timedelta(seconds=idle)).replace(microsecond=0))
    workflow = Workflow(
        id=wanted.id or portal.new_workflow_id(started + timedelta(microseconds=chance.randrange(1_000_000))),
        template_id=template.id,
        module_id=document.module_id,
        entity=document.entity,
        document_id=document.document_id,
        started=started,
        started_by=wanted.started_by if wanted.started_by is not None else _starter(portal),
        behaviour=wanted.behaviour,
        title=wanted.title if wanted.title is not None else chance.choice(_STATES),
    )
    portal.add_workflow(workflow, modified=modified, owned_until=_owned_until(portal, workflow, now))
    if wanted.task_users or (wanted.with_task if wanted.with_task is not None else chance.random() < 0.4):
        _add_task(portal, workflow, document, wanted.task_users, modified)
    if wanted.behaviour is Behaviour.PARENT:
        parent = add_workflow(
            portal, now, Wanted(template_id=template.id, age_seconds=age + 60, with_task=False)
        )
        workflow.parent_id = parent.id
    return workflow


def _template(portal: Portal, wanted: Wanted) -> Template:
    if wanted.template_id is not None:
        return portal.templates[wanted.template_id]
    templates = [one for one in portal.templates.values() if one.active]
    return portal.random.choices(templates, [kind_of(one).weight for one in templates])[0]


def _document(portal: Portal, template: Template, wanted: Wanted) -> Document:
    kind = kind_of(template)
    if wanted.document_id is not None:
        known = portal.documents.get((kind.module_id, kind.entity, wanted.document_id))
        if known is not None:
            return known
    number = portal.next_number()
    name = wanted.document_name
    if name is None:
        name = portal.random.choice(DEAL_NAMES) if portal.random.random() < 0.2 else ""
    document = kind.document(number, name)
    if wanted.document_id is not None:
        document.document_id = wanted.document_id
    portal.documents[document.module_id, document.entity, document.document_id] = document
    return document


def _starter(portal: Portal) -> int:
    """Anybody, dismissed ones too; every seventh was started by the system."""
    if portal.random.random() < 1 / 7:
        return 0
    return portal.random.choice(list(portal.users))


def _owned_until(portal: Portal, workflow: Workflow, now: datetime) -> datetime | None:
    match workflow.behaviour:
        case Behaviour.EXECUTING:
            return (now + timedelta(seconds=portal.settings.lock_seconds)).replace(microsecond=0)
        case Behaviour.HUNG:
            past = timedelta(minutes=portal.random.uniform(11, 60 * 24 * 20))
            return (now - past).replace(microsecond=0)
        case _:
            return None


def _add_task(
    portal: Portal, workflow: Workflow, document: Document, user_ids: tuple[int, ...], modified: datetime
) -> None:
    chance = portal.random
    activity, name_form = chance.choice(_TASKS)
    employees = [one.id for one in portal.users.values() if not one.bot]
    users = user_ids or tuple(chance.sample(employees, chance.choice((1, 1, 2, 3))))
    portal.add_task(
        Task(
            id=portal.next_number(),
            workflow_id=workflow.id,
            name=name_form.format(document.name)[:255],
            activity=activity,
            members=[TaskMember(user_id) for user_id in users],
            document_name=document.name,
            modified=modified,
            overdue=modified + timedelta(days=7) if chance.random() < 0.3 else None,
        )
    )
