"""``terminate`` and ``kill`` as the server does them, step by step.

Sources: ``CBPDocument::terminateWorkflow``, ``CBPRuntime::getWorkflow``, ``CBPWorkflow::terminate``,
``CBPWorkflowPersister``, ``CBPStateService::setState``. There is no transaction and no look at the
lock: what is done stays done when a later step fails.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bxapp.sandbox.failures import RestError, ServerFailureError
from bxapp.sandbox.sentences import CORRUPT, LOCKED, NOT_FOUND, say
from bxapp.sandbox.titles import query_error, title_of
from bxapp.sandbox.world import Behaviour, CallResult, EndedHow, TerminateCall

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call
    from bxapp.sandbox.world import Workflow


async def terminate(call: Call, workflow_id: str, status: str) -> None:
    """Stop one. Raises :class:`RestError` with an empty code, :class:`ServerFailureError` for PHP's own end.

    A workflow that the same request has loaded before is taken from PHP's memory: a second call in
    one batch succeeds again.
    """
    workflow = call.portal.workflows.get(workflow_id)
    told = TerminateCall(call.request.arrived, call.user.id, status)
    if workflow is not None:
        workflow.terminate_calls += 1
        workflow.calls.append(told)
        call.request.calls.append(told)
    try:
        await _terminate(call, workflow, workflow_id, status)
    except RestError:
        told.result = CallResult.ERROR
        raise
    except ServerFailureError:
        told.result = CallResult.FAILURE
        raise
    else:
        told.result = CallResult.STOPPED
    finally:
        told.done_at = time.time()


async def _terminate(call: Call, workflow: Workflow | None, workflow_id: str, status: str) -> None:
    if workflow is None or (workflow.row is None and workflow_id not in call.request.loaded):
        await call.spend(call.portal.settings.call_seconds)
        raise _failure(call, say(NOT_FOUND, call.portal.settings))
    if workflow_id not in call.request.loaded:
        _load(call, workflow)
    await _stop(call, workflow)
    if workflow.behaviour is Behaviour.TITLE_REFUSED:
        raise _failure(call, query_error("(1366) Incorrect string value").description)
    try:
        workflow.title = title_of(status, call.portal.settings)
    except RestError as error:
        raise _failure(call, error.description) from error


async def kill(call: Call, workflow_id: str) -> None:
    """Stop one and delete it with its data. Fails where ``terminate`` fails, and then deletes nothing."""
    await terminate(call, workflow_id, "")
    workflow = call.portal.workflows[workflow_id]
    call.portal.remove_row(workflow)
    for number in call.portal.tasks_of.pop(workflow_id, ()):
        del call.portal.tasks[number]
    workflow.ended_how = EndedHow.KILL


def _load(call: Call, workflow: Workflow) -> None:
    """``LoadWorkflow``: the row, and the stored state in it."""
    row = workflow.row
    if call.portal.settings.refuses_locked and row is not None and row.owned_until is not None:
        raise _failure(call, say(LOCKED, call.portal.settings))
    if workflow.behaviour is Behaviour.PHP_FAILURE:
        raise ServerFailureError(workflow.id)
    if workflow.behaviour is Behaviour.CORRUPT:
        raise _failure(call, CORRUPT[sum(workflow.id.encode()) % len(CORRUPT)])
    call.request.loaded.add(workflow.id)


async def _stop(call: Call, workflow: Workflow) -> None:
    settings, portal = call.portal.settings, call.portal
    spread = portal.random.uniform(-settings.terminate_spread, settings.terminate_spread)
    seconds = settings.terminate_seconds * (1 + spread)
    if workflow.behaviour is Behaviour.SLOW:
        seconds = settings.slow_terminate_seconds
    portal.delete_open_tasks(workflow.id)
    if workflow.behaviour is Behaviour.HALFWAY and workflow.terminate_calls == 1:
        await call.spend(seconds / 2)
        call.request.loaded.discard(workflow.id)
        raise _failure(call, "Mysql query error: (1205) Lock wait timeout exceeded (400)")
    await call.spend(seconds)
    now = datetime.now(UTC).replace(microsecond=0)
    portal.remove_row(workflow)
    workflow.end(EndedHow.TERMINATE, now, call.user.id)
    if workflow.behaviour is Behaviour.PARENT and workflow.parent_id:
        await _run_parent(call, portal.workflows[workflow.parent_id])


async def _run_parent(call: Call, parent: Workflow) -> None:
    """The parent that waited for the stopped child runs on inside this call, and comes to its end."""
    if parent.row is None:
        return
    await call.spend(call.portal.settings.slow_terminate_seconds)
    if parent.row is not None:
        call.portal.delete_open_tasks(parent.id)
        call.portal.remove_row(parent)
        parent.end(EndedHow.ITSELF, datetime.now(UTC).replace(microsecond=0))


def _failure(call: Call, text: str) -> RestError:
    """An empty code and a sentence, unless another command left an exception behind."""
    leftover = call.portal.settings.leftover_exception
    return RestError(leftover, "ERROR_CORE") if leftover else RestError(text)
