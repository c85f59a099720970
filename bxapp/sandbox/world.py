"""What exists in one portal: people, templates, documents, workflows, tasks, applications."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bxapp.sandbox.application import Application, EventHandler, PlacementHandler
from bxapp.sandbox.notification import Notification
from bxapp.sandbox.rows import InstanceRow, RowIndex
from bxapp.sandbox.workflow import (
    Behaviour,
    CallResult,
    Document,
    EndedHow,
    RunState,
    Task,
    TaskMember,
    TerminateCall,
    Workflow,
)

if TYPE_CHECKING:
    import random

    from bxapp.sandbox.settings import PortalSettings

__all__ = [
    "Application",
    "Behaviour",
    "CallResult",
    "Document",
    "EndedHow",
    "EventHandler",
    "Notification",
    "PlacementHandler",
    "Portal",
    "RunState",
    "Task",
    "TaskMember",
    "Template",
    "TerminateCall",
    "User",
    "Workflow",
]


@dataclass(slots=True)
class User:
    """An account of the portal. ``bot`` accounts are never answered by ``user.get``."""

    id: int
    name: str
    last_name: str
    email: str = ""
    position: str = ""
    admin: bool = False
    active: bool = True
    may_install: bool = False
    time_zone: str = "Europe/Berlin"
    head_id: int | None = None
    bot: bool = False
    options: dict[str, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.name} {self.last_name}".strip()


@dataclass(slots=True)
class Template:
    """A workflow template. ``listed`` is false for automation rules, scripts and debugging."""

    id: int
    name: str
    module_id: str
    entity: str
    document_type: str
    user_id: int
    auto_execute: int = 0
    active: bool = True
    system: bool = False
    listed: bool = True
    description: str = ""
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class Portal:
    """One portal with everything in it. All dates inside are UTC."""

    number: int
    member_id: str
    host: str
    moved_host: str
    settings: PortalSettings
    random: random.Random
    port: int = 0
    users: dict[int, User] = field(default_factory=dict)
    templates: dict[int, Template] = field(default_factory=dict)
    documents: dict[tuple[str, str, str], Document] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    rows: RowIndex = field(default_factory=RowIndex)
    tasks: dict[int, Task] = field(default_factory=dict)
    tasks_of: dict[str, list[int]] = field(default_factory=dict)
    """Task numbers by workflow ID."""
    applications: dict[str, Application] = field(default_factory=dict)
    webhooks: dict[str, int] = field(default_factory=dict)
    """Secret of an incoming webhook to the user it belongs to."""
    webhook_scope: tuple[str, ...] = ("bizproc", "user_brief")
    notifications: list[Notification] = field(default_factory=list)
    """What applications told people, oldest first."""
    last_number: int = 1000

    @property
    def application(self) -> Application:
        """The application under test: the one the sandbox was started for."""
        return next(iter(self.applications.values()))

    @property
    def domain(self) -> str:
        """Host and port where the portal lives now."""
        return self.origin.partition("://")[2]

    @property
    def origin(self) -> str:
        if self.settings.moved:
            return f"http://{self.moved_host}:{self.port}"
        return self.settings.public_origin or f"http://{self.host}:{self.port}"

    @property
    def protocol(self) -> str:
        """``PROTOCOL`` of the launch form: ``1`` for https, ``0`` for http."""
        return "1" if self.origin.startswith("https:") else "0"

    def answers_at(self, host: str) -> bool:
        """Whether a Host header means this portal, at its old or its new domain, or behind a proxy."""
        public = self.settings.public_origin.partition("://")[2]
        return host.rsplit(":", 1)[0] in (self.host, self.moved_host) or (public != "" and host == public)

    @property
    def client_endpoint(self) -> str:
        return f"{self.origin}/rest/"

    def next_number(self) -> int:
        """A number that no object of this portal has yet."""
        self.last_number += 1
        return self.last_number

    def new_workflow_id(self, at: datetime) -> str:
        """An ID as PHP's ``uniqid('', true)`` makes it: hexadecimal time first, then a fraction."""
        while True:
            micro = int(at.timestamp() * 1_000_000)
            seconds, rest = divmod(micro, 1_000_000)
            found = f"{seconds:08x}{rest:05x}.{self.random.randrange(10**8):08d}"
            if found not in self.workflows:
                return found

    def add_workflow(self, workflow: Workflow, *, modified: datetime, owned_until: datetime | None) -> None:
        """Store ``workflow`` as a running one with a row."""
        self.workflows[workflow.id] = workflow
        workflow.row = InstanceRow(
            id=workflow.id,
            modified=modified,
            owned_until=owned_until,
            module_id=workflow.module_id,
            entity=workflow.entity,
            document_id=workflow.document_id,
            started=workflow.started,
            started_by=workflow.started_by,
            template_id=workflow.template_id,
        )
        self.rows.add(workflow.row)

    def remove_row(self, workflow: Workflow) -> None:
        """Delete the row, as the persister does with one that ended."""
        self.rows.remove(workflow.id)
        workflow.row = None
        workflow.ghost = False

    def delete_open_tasks(self, workflow_id: str) -> None:
        """``CBPTaskService::deleteByWorkflow`` with status "running"; finished tasks remain."""
        kept = [number for number in self.tasks_of.get(workflow_id, ()) if self.tasks[number].status != 0]
        for number in set(self.tasks_of.get(workflow_id, ())) - set(kept):
            del self.tasks[number]
        self.tasks_of[workflow_id] = kept

    def add_task(self, task: Task) -> None:
        self.tasks[task.id] = task
        self.tasks_of.setdefault(task.workflow_id, []).append(task.id)

    def document_of(self, workflow: Workflow) -> Document | None:
        return self.documents.get((workflow.module_id, workflow.entity, workflow.document_id))

    def is_executing(self, workflow: Workflow, now: datetime) -> bool:
        """Locked now, as the portal's page and ``OWNED_UNTIL`` say."""
        row = workflow.row
        return row is not None and row.owned_until is not None and row.owned_until > now

    def is_hung(self, workflow: Workflow, now: datetime) -> bool:
        """The portal's page calls it hung when the lock is more than five minutes past."""
        row = workflow.row
        return (
            row is not None and row.owned_until is not None and row.owned_until < now - timedelta(minutes=5)
        )
