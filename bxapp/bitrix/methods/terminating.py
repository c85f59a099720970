"""Stopping workflows (documentation "bizproc.workflow.terminate"; ``bizproc/lib/restservice.php``).

``true`` means that the portal did it; it does not mean that the workflow stays away (one in mid-execution
comes back as a ghost). An error says nothing for sure: ask ``running``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.encoding import changes_in_batch
from bxapp.bitrix.errors import BitrixError, Halted, MethodFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bxapp.bitrix.answers import Answer
    from bxapp.bitrix.client import Client

METHOD = "bizproc.workflow.terminate"

Ending = Literal[True] | BitrixError


def terminate(client: Client, ids: Sequence[str], status: str) -> dict[str, Ending]:
    """Stop up to 50 workflows with the given status text; return True or an exception for each ID.

    One request, and several only where a batch might alter the text: then each is a call of its own, as a
    single one always is. Raises BitrixError when the request as a whole failed before or after it left;
    with single calls, what fails after the first of them is told for that ID and as Halted for the rest,
    which was not sent.
    """
    if not 0 < len(ids) <= LONGEST_BATCH or len(set(ids)) != len(ids):
        raise ValueError("terminate takes 1 to 50 different workflow IDs.")
    if len(ids) == 1 or any(changes_in_batch(text) for text in (status, *ids)):
        return _one_by_one(client, ids, status)
    commands = {
        f"stop{place}": Command(METHOD, _params(workflow_id, status)) for place, workflow_id in enumerate(ids)
    }
    answers = client.batch(commands).answers
    return {workflow_id: _ending(answers[f"stop{place}"]) for place, workflow_id in enumerate(ids)}


def _one_by_one(client: Client, ids: Sequence[str], status: str) -> dict[str, Ending]:
    endings: dict[str, Ending] = {}
    for workflow_id in ids:
        try:
            endings[workflow_id] = _ending(client.call(METHOD, _params(workflow_id, status)))
        except MethodFailed as error:
            endings[workflow_id] = error
        except BitrixError as error:
            if not endings:
                raise
            endings[workflow_id] = error
            break
    return endings | {
        workflow_id: Halted("", "not sent: an earlier call failed")
        for workflow_id in ids
        if workflow_id not in endings
    }


def _params(workflow_id: str, status: str) -> dict[str, object]:
    return {"ID": workflow_id, "STATUS": status}


def _ending(answer: Answer | BitrixError) -> Ending:
    if isinstance(answer, BitrixError):
        return answer
    if answer.result in (True, "true", "1", 1):
        return True
    return MethodFailed("", "the portal did not confirm")
