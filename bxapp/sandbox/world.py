"""What exists in one portal: people, templates, documents, workflows, tasks, applications."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bxapp.sandbox.rows import InstanceRow, RowIndex

if TYPE_CHECKING:
    import random

    from bxapp.sandbox.settings import PortalSettings


class Behaviour(StrEnum):
    """How a workflow takes a ``terminate``."""

    NORMAL = "normal"
    SLOW = "slow"
    """Its stop takes ``slow_terminate_seconds``."""
    EXECUTING = "executing"
    """Locked now; saves itself later and comes back as a ghost when it was stopped meanwhile."""
    HUNG = "hung"
    """Locked, the lock long over; stops like any other."""
    CORRUPT = "corrupt"
    """Its stored state cannot be loaded: fails for ever and stays listed."""
    PHP_FAILURE = "php_failure"
    """Makes PHP itself fail: the whole request is an HTTP 500."""
    PARENT = "parent"
    """A child of a parent that waits for it: the parent runs on inside the same call."""
    SHORT_LIVED = "short_lived"
    """Ends by itself soon."""
    TITLE_REFUSED = "title_refused"
    """Stops, then the database refuses the status text: the call answers a query error."""
    HALFWAY = "halfway"
    """The first call deletes the tasks, then fails; the second one ends it."""


class RunState(StrEnum):
    RUNNING = "running"
    ENDED = "ended"


class EndedHow(StrEnum):
    TERMINATE = "terminate"
    ITSELF = "itself"
    KILL = "kill"


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
class Document:
    """What a workflow runs on; ``path`` is its card in the portal."""

    module_id: str
    entity: str
    document_id: str
    name: str
    path: str = ""
    document_type: str = ""


@dataclass(slots=True)
class TaskMember:
    """One person's part in a task: ``status`` 0 waits, 1 yes, 2 no, 3 ok, 4 cancelled."""

    user_id: int
    status: int = 0
    answered: datetime | None = None


@dataclass(slots=True)
class Task:
    """A workflow task. ``status`` 0 is open; ``terminate`` deletes open ones."""

    id: int
    workflow_id: str
    name: str
    activity: str
    members: list[TaskMember]
    status: int = 0
    description: str = ""
    document_name: str = ""
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))
    overdue: datetime | None = None


@dataclass(slots=True)
class Workflow:
    """The portal's own record of a workflow (its state), kept for ever.

    ``row`` is its line among the running ones: None before the first save and after the end. A
    ghost is a workflow whose record says ``ended`` and that has a row all the same.
    """

    id: str
    template_id: int
    module_id: str
    entity: str
    document_id: str
    started: datetime
    started_by: int
    behaviour: Behaviour = Behaviour.NORMAL
    state: RunState = RunState.RUNNING
    title: str = ""
    ended_how: EndedHow | None = None
    ended_at: datetime | None = None
    ended_by: int | None = None
    terminate_calls: int = 0
    ghost: bool = False
    became_ghost: bool = False
    parent_id: str | None = None
    row: InstanceRow | None = None

    @property
    def killed(self) -> bool:
        """``kill`` deleted it with its data; only the sandbox still remembers."""
        return self.ended_how is EndedHow.KILL

    @property
    def runs(self) -> bool:
        """Whether the portal would go on with it: it has a row, or is in its very first run."""
        return self.row is not None or self.state is RunState.RUNNING

    def end(self, how: EndedHow, at: datetime, by: int | None = None) -> None:
        """Record the end. The first end counts; a later ``terminate`` changes only the title."""
        if self.state is RunState.RUNNING:
            self.state = RunState.ENDED
            self.ended_how = how
            self.ended_at = at
            self.ended_by = by


@dataclass(slots=True)
class EventHandler:
    """One ``event.bind``: key is event, URL, user and connector."""

    id: int
    event: str
    handler: str
    user_id: int = 0
    connector_id: str = ""


@dataclass(slots=True)
class PlacementHandler:
    placement: str
    handler: str
    title: str = ""
    description: str = ""
    options: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Application:
    """An application registered in the portal. ``installed`` is set by ``installFinish``."""

    id: int
    client_id: str
    client_secret: str
    title: str
    app_url: str
    install_url: str = ""
    redirect_url: str = ""
    """Where ``/oauth/authorize/`` sends the browser back; the application's URL if empty."""
    scope: tuple[str, ...] = ("bizproc", "user_brief", "placement")
    version: int = 1
    present: bool = True
    """False after removal: its tokens and calls are refused."""
    installed: bool = False
    application_token: str = ""
    handlers: list[EventHandler] = field(default_factory=list)
    placements: list[PlacementHandler] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    first_run_seen: set[tuple[int, int]] = field(default_factory=set)
    """Pairs of user and version for which ``setInstall`` was sent."""


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
