"""A workflow of a portal, what it runs on, and the tasks it gave to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.sandbox.rows import InstanceRow


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


class CallResult(StrEnum):
    """What became of one ``terminate`` inside the portal, whatever was answered."""

    DROPPED = "dropped"
    """Its HTTP request ended before it."""
    UNDER_WAY = "under_way"
    STOPPED = "stopped"
    ERROR = "error"
    FAILURE = "failure"
    """PHP itself failed."""


@dataclass(slots=True)
class TerminateCall:
    """One ``terminate`` of a workflow.

    ``at``: when its HTTP request came; ``done_at``: when its work was over; Unix seconds. ``by`` None: nobody
    was recognised yet. ``heard`` False: its true answer was not given.
    """

    at: float
    by: int | None
    title: str
    result: CallResult = CallResult.UNDER_WAY
    done_at: float | None = None
    heard: bool = False


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
    calls: list[TerminateCall] = field(default_factory=list)
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
