"""What workflows do by themselves: start, resume, save themselves, end.

Work of one workflow (being executed, then saved) is always played; the portal's general bustle only
when ``life_rate_per_second`` is above 0.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bxapp.sandbox.rows import InstanceRow
from bxapp.sandbox.world import Behaviour, EndedHow, Workflow

if TYPE_CHECKING:
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Document, Portal, Template


def begin_life(sandbox: Sandbox) -> None:
    """Start the bustle of every portal, and the work of those that are being executed already."""
    for portal in sandbox.portals:
        sandbox.spawn(bustle(sandbox, portal))
        for workflow in list(portal.workflows.values()):
            begin_work(sandbox, portal, workflow, portal.random.uniform(20, 120))


def begin_work(sandbox: Sandbox, portal: Portal, workflow: Workflow, seconds: float | None) -> None:
    """Start what the behaviour of a new workflow promises; ``seconds`` None: as the settings say."""
    settings = portal.settings
    match workflow.behaviour:
        case Behaviour.EXECUTING:
            resume(sandbox, portal, workflow, settings.executing_seconds if seconds is None else seconds)
        case Behaviour.SHORT_LIVED:
            after = settings.short_life_seconds if seconds is None else seconds
            end_by_itself(sandbox, portal, workflow, after)
        case _:
            pass


def now() -> datetime:
    """The present in whole seconds, as the database keeps it."""
    return datetime.now(UTC).replace(microsecond=0)


def resume(sandbox: Sandbox, portal: Portal, workflow: Workflow, seconds: float) -> None:
    """Let one be executed for ``seconds``: locked now, saved after that."""
    row = workflow.row
    if row is None:
        return
    moment = now()
    until = moment + timedelta(seconds=portal.settings.lock_seconds)
    portal.rows.save(row, modified=moment, owned_until=until)
    sandbox.spawn(_save_later(portal, workflow, seconds))


def end_by_itself(sandbox: Sandbox, portal: Portal, workflow: Workflow, seconds: float) -> None:
    """Let one come to its own end after ``seconds``."""
    sandbox.spawn(_end_later(portal, workflow, seconds))


def start_workflow(
    sandbox: Sandbox, portal: Portal, template: Template, document: Document, started_by: int
) -> Workflow:
    """A new one; it has no row before its first run is over (``first_run_seconds``)."""
    moment = now()
    workflow = Workflow(
        id=portal.new_workflow_id(datetime.now(UTC)),
        template_id=template.id,
        module_id=document.module_id,
        entity=document.entity,
        document_id=document.document_id,
        started=moment,
        started_by=started_by,
    )
    portal.workflows[workflow.id] = workflow
    seconds = portal.settings.first_run_seconds
    if seconds > 0:
        sandbox.spawn(_first_run(portal, workflow, seconds))
    else:
        portal.add_workflow(workflow, modified=moment, owned_until=None)
    return workflow


def save_itself(portal: Portal, workflow: Workflow) -> None:
    """The end of a run. Without a row (stopped meanwhile) the save writes a new one: a ghost.

    ``CBPWorkflowPersister::insertWorkflow``: same ID, template 0, no document, STARTED now, STARTED_BY 0.
    """
    if workflow.killed:
        return
    moment = now()
    if workflow.row is not None:
        portal.rows.save(workflow.row, modified=moment, owned_until=None)
        return
    if workflow.ended_how is not EndedHow.TERMINATE:
        return
    workflow.row = InstanceRow(workflow.id, moment, None, "", "", "", moment, 0, 0)
    workflow.ghost = workflow.became_ghost = True
    workflow.behaviour = Behaviour.NORMAL
    portal.rows.add(workflow.row)


async def bustle(sandbox: Sandbox, portal: Portal) -> None:
    """The life of a portal, for ever: at the set rate one starts, one resumes, or one ends by itself."""
    while True:
        rate = portal.settings.life_rate_per_second
        if rate <= 0:
            await asyncio.sleep(0.5)
            continue
        await asyncio.sleep(portal.random.expovariate(rate))
        _happen(sandbox, portal)


def _happen(sandbox: Sandbox, portal: Portal) -> None:
    choice = portal.random.random()
    if choice < 0.4 or not len(portal.rows):
        template = portal.random.choice([one for one in portal.templates.values() if one.active])
        documents = [one for one in portal.documents.values() if one.document_type == template.document_type]
        if documents:
            started_by = portal.random.choice([one.id for one in portal.users.values() if one.active])
            start_workflow(sandbox, portal, template, portal.random.choice(documents), started_by)
        return
    workflow = portal.workflows[portal.random.choice(portal.rows.ids())]
    if workflow.behaviour is not Behaviour.NORMAL or portal.is_executing(workflow, now()):
        return
    if choice < 0.8:
        _end(portal, workflow)
    else:
        resume(sandbox, portal, workflow, portal.settings.executing_seconds * portal.random.uniform(0.5, 1.5))


async def _save_later(portal: Portal, workflow: Workflow, seconds: float) -> None:
    await asyncio.sleep(seconds)
    save_itself(portal, workflow)


async def _end_later(portal: Portal, workflow: Workflow, seconds: float) -> None:
    await asyncio.sleep(seconds)
    _end(portal, workflow)


async def _first_run(portal: Portal, workflow: Workflow, seconds: float) -> None:
    await asyncio.sleep(seconds)
    portal.add_workflow(workflow, modified=now(), owned_until=None)


def _end(portal: Portal, workflow: Workflow) -> None:
    if workflow.row is None:
        return
    portal.delete_open_tasks(workflow.id)
    portal.remove_row(workflow)
    workflow.end(EndedHow.ITSELF, now())
