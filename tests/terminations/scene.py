"""An administrator's afternoon: a portal in a box with the application in it, and jobs that are worked on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar
from unittest.mock import patch
from uuid import uuid4

from django.db import connection
from django.db.models import F
from django.http import HttpResponse
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.journal.models import JournalEntry
from bxapp.portals import lifecycle, verification
from bxapp.portals.models import Portal
from bxapp.portals.sessions import Actor, Channel
from bxapp.terminations.engine import claiming, dispatch, sending
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.models import Item, Job, Turn
from bxapp.terminations.states import ItemState
from bxapp.workflows.selection import SelectedWorkflow
from tests.limits import forget_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from django.http.response import HttpResponseBase

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Stopped
    from tests.portals.sandbox import Sandbox

Clicked = TypeVar("Clicked")

MESSAGE = "Stopped: template replaced"
# After so long a call leaves although nobody has let it: a test that has failed must come to its end.
HELD_SECONDS = 60.0


@dataclass(slots=True)
class Scene:
    """Portal 1 of the sandbox, and the first administrator who opened the application there."""

    sandbox: Sandbox
    actor: Actor

    # --- the portal's side ---

    def add(self, count: int = 1, behaviour: str = "normal", **wanted: Any) -> list[str]:
        """Let workflows run in the portal; return their IDs in the order in which a batch takes them."""
        wanted = {"age_seconds": 3600.0, "behaviour": behaviour, "count": count, **wanted}
        return sorted(self.sandbox.control("POST", "/portals/1/workflows", **wanted)["ids"])

    def record(self, workflow_id: str) -> dict[str, Any]:
        """Return what the portal itself knows of a workflow."""
        found: dict[str, Any] = self.sandbox.control("GET", f"/portals/1/workflows?ids={workflow_id}")[0]
        return found

    def records(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the portal's own records of workflows, in the order of ``ids``."""
        told = self.sandbox.control("GET", f"/portals/1/workflows?ids={','.join(ids)}")
        by_id = {row["id"]: row for row in told}
        return [by_id[workflow_id] for workflow_id in ids]

    def resume(self, workflow_id: str) -> None:
        """Let a workflow be executed from now on, until :meth:`save` at the earliest."""
        self.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", resume=600.0)

    def save(self, workflow_id: str) -> None:
        """Let a run of a workflow end now: idle again, or back as an empty entry if it was stopped."""
        self.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", save=True)

    @contextmanager
    def executed_during_calls(self, *, saved: bool = True) -> Iterator[None]:
        """Let what is called for resume after the look, before its call, and save itself after the call.

        All in one thread: whatever stalls, the order is this. Without ``saved`` it goes on being executed.
        """

        def send(client: Client, batch: Sequence[Item]) -> Stopped:
            for item in batch:
                self.resume(item.workflow_id)
            try:
                return call(client, batch)
            finally:
                for item in batch if saved else ():
                    self.save(item.workflow_id)

        call = sending.send
        with patch.object(sending, "send", send):
            yield

    def asked(self, method: str) -> int:
        """Return how often a method was called, alone and in batches."""
        told = self.sandbox.control("GET", "/requests?limit=1")
        return int(told["counts"].get(method, 0)) + int(told["commands"].get(method, 0))

    # --- the application's side ---

    def queue(self, ids: Sequence[str], message: str = MESSAGE, key: str | None = None) -> Job:
        """Confirm a selection as the person at the scene does."""
        return queue(self.actor, [selected(workflow_id) for workflow_id in ids], message, key or uuid4().hex)

    def queue_listed(self, ids: Sequence[str], *, seconds: float, at_work: Sequence[str] = ()) -> Job:
        """Confirm a list that was read so many seconds ago and showed all idle but those ``at_work``."""
        chosen = [selected(one, is_idle=one not in at_work) for one in ids]
        read_at = timezone.now() - timedelta(seconds=seconds)
        return queue(self.actor, chosen, MESSAGE, uuid4().hex, read_at=read_at)

    def work(self) -> None:
        """Let one wake-up be served, as a worker does."""
        dispatch.work(self.actor.portal.pk)

    def finish(self, job: Job, wake_ups: int = 60) -> Job:
        """Serve wake-ups, with time passing in between, until the job has ended; fail when it never does."""
        for _ in range(wake_ups):
            self.work()
            job.refresh_from_db()
            if not job.is_open:
                return job
            self.let_time_pass()
        raise AssertionError(f"{job} is still {job.state}: {self.items(job)}")

    def let_time_pass(self, span: timedelta = timedelta(minutes=2)) -> None:
        """Move every stored moment into the past, as if ``span`` had gone by."""
        moments = {
            Item: ("not_before", "executing_since", "sent_at", "ghost_seen_at"),
            Job: (
                *("not_before", "silent_since", "calls_refused_since", "blocked_at"),
                *("started_at", "finished_at", "ghosts_due_at"),
            ),
            Turn: ("until", "wake_at"),
            JournalEntry: ("at",),
        }
        for model, names in moments.items():
            model._default_manager.update(**{name: F(name) - span for name in names})
        forget_limits()

    @contextmanager
    def meanwhile(self, click: Callable[[], Clicked], *, hold: bool = False) -> Iterator[Future[Clicked]]:
        """Do something in another thread as soon as a first call is under way in this one.

        ``hold``: no call leaves before that is done, lest all have left when a busy machine gets to it.
        """
        is_done = Event()

        def wait_and_click() -> Clicked:
            try:
                while not Item.objects.filter(state=ItemState.SENT).exists():
                    sleep(0.01)
                return click()
            finally:
                is_done.set()
                connection.close()

        with held_until(is_done) if hold else nullcontext(), ThreadPoolExecutor(1) as others:
            yield others.submit(wait_and_click)

    def items(self, job: Job) -> list[tuple[str, str]]:
        """Return outcome and reason of each item, in order."""
        return list(job.items.order_by("position").values_list("outcome", "reason"))

    def outcomes(self, job: Job) -> dict[str, tuple[str, str]]:
        """Return outcome and reason by workflow."""
        rows = job.items.values_list("workflow_id", "outcome", "reason")
        return {workflow_id: (outcome, reason) for workflow_id, outcome, reason in rows}

    def audited(self, job: Job, kind: AuditEntry.Kind = AuditEntry.Kind.OUTCOME) -> list[AuditEntry]:
        """Return the entries of a job, oldest first."""
        return list(AuditEntry.objects.filter(job_id=job.pk, kind=kind).order_by("pk"))

    def as_another_portals(self, job: Job) -> None:
        """Let a job belong to another portal than that of the person at the scene."""
        portal = Portal.objects.get(pk=self.actor.portal.pk)
        portal.pk, portal.member_id = None, "another"
        portal.save()
        Job.objects.filter(pk=job.pk).update(portal=portal)

    def is_due(self) -> bool:
        """Say whether a wake-up would find something to do."""
        now = timezone.now()
        moment = claiming.next_moment(self.actor.portal.pk, now)
        return moment is not None and moment <= now

    def open_again(self, user_id: int = 1) -> Actor:
        """Let a person open the application in the portal (once more)."""
        return opened(self.sandbox, user_id)


@contextmanager
def held_until(event: Event) -> Iterator[None]:
    """Let no call leave before an event, although all count as under way."""

    def send(client: Client, batch: Sequence[Item]) -> Stopped:
        event.wait(HELD_SECONDS)
        return call(client, batch)

    call = sending.send
    with patch.object(sending, "send", send):
        yield


def short(job: Job) -> None:
    """Let a job have taken no time: one that took long, as on a busy machine, is looked after twice."""
    Job.objects.filter(pk=job.pk).update(started_at=F("finished_at"))


def opened(sandbox: Sandbox, user_id: int = 1, *, number: int = 1) -> Actor:
    """Return the administrator who opens the application through the portal's own form."""
    _, fields = sandbox.launch(number, user_id=user_id)
    caller = verification.verify(
        fields["AUTH_ID"],
        server_hint=sandbox.authorization,
        member_id=fields["member_id"],
        refresh_token=fields["REFRESH_ID"],
        expires_in_seconds=int(fields["AUTH_EXPIRES"]),
    )
    portal, grant = lifecycle.install(caller, language="en")
    return Actor(portal, grant, Channel.FRAME)


def refusals(sandbox: Sandbox) -> dict[str, int]:
    """Return how often something was refused for a limit, by code, as the sandbox's own record has it."""
    told = sandbox.control("GET", "/requests?limit=1")
    counted = {**told["errors"], **told["command_errors"]}
    return {code: number for code, number in counted.items() if "LIMIT" in code}


def selected(workflow_id: str, **known: Any) -> SelectedWorkflow:
    """Return a workflow as the list showed it."""
    return SelectedWorkflow(
        **{
            "id": workflow_id,
            "module_id": "crm",
            "entity": "CCrmDocumentDeal",
            "document_id": "DEAL_1633",
            "document_name": "ACME renewal",
            "template_id": 12,
            "template_name": "Invoice approval",
            "started": timezone.now() - timedelta(days=3),
            "started_by_id": 1,
            "started_by_name": "Greta Lind",
            **known,
        }
    )


def text_of(answer: HttpResponseBase) -> str:
    """Return a page with every run of blanks as one."""
    assert isinstance(answer, HttpResponse)
    return " ".join(answer.content.decode().split())
