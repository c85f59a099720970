"""Stopping workflows (documentation "bizproc.workflow.terminate"; ``bizproc/lib/restservice.php``).

``true`` means that the portal did it; it does not mean that the workflow stays away (one in mid-execution
comes back as a ghost). An error says nothing for sure: ask ``running``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bxapp.bitrix.answers import Answer
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.encoding import changes_in_batch
from bxapp.bitrix.errors import BitrixError, Halted, MethodFailed, Unheard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bxapp.bitrix.answers import Timing
    from bxapp.bitrix.client import Client

METHOD = "bizproc.workflow.terminate"

Ending = Literal[True] | BitrixError


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a request brought: an ending for each ID, and the portal's stamps of those that it executed."""

    endings: dict[str, Ending]
    stamps: tuple[Timing, ...]


def stop(client: Client, messages: Mapping[str, str]) -> Stopped:
    """Stop up to 50 workflows in one HTTP request, each with its own status text; says how long it took.

    Only a single one may have a text that a batch might alter. Raises BitrixError when the request as a whole
    failed before or after it left.
    """
    if not 0 < len(messages) <= LONGEST_BATCH:
        raise ValueError("stop takes 1 to 50 workflow IDs.")
    if len(messages) == 1:
        ((workflow_id, text),) = messages.items()
        try:
            answers: dict[str, Answer | BitrixError] = {
                workflow_id: client.call(METHOD, _params(workflow_id, text))
            }
        except MethodFailed as error:
            answers = {workflow_id: error}
    else:
        answers = _in_batch(client, messages)
    stamps = tuple(answer.time for answer in answers.values() if isinstance(answer, Answer) and answer.time)
    return Stopped({workflow_id: _ending(answer) for workflow_id, answer in answers.items()}, stamps)


def terminate(client: Client, ids: Sequence[str], status: str | Mapping[str, str]) -> dict[str, Ending]:
    """Stop up to 50 workflows; return True or an exception for each ID.

    ``status`` is the status text, one for all or one for each ID. One request, and several only where a batch
    might alter a text: then each is a call of its own, as a single one always is. Raises BitrixError when the
    request as a whole failed before or after it left; with single calls, what fails after the first is
    told for that ID and as Halted for the rest, which was not sent.
    """
    if not 0 < len(ids) <= LONGEST_BATCH or len(set(ids)) != len(ids):
        raise ValueError("terminate takes 1 to 50 different workflow IDs.")
    texts = dict.fromkeys(ids, status) if isinstance(status, str) else {one: status[one] for one in ids}
    if len(ids) == 1 or any(changes_in_batch(text) for text in {*ids, *texts.values()}):
        return _one_by_one(client, texts)
    return {workflow_id: _ending(answer) for workflow_id, answer in _in_batch(client, texts).items()}


def _in_batch(client: Client, texts: Mapping[str, str]) -> dict[str, Answer | BitrixError]:
    commands = {
        f"stop{place}": Command(METHOD, _params(workflow_id, text))
        for place, (workflow_id, text) in enumerate(texts.items())
    }
    answers = client.batch(commands).answers
    return {workflow_id: answers[f"stop{place}"] for place, workflow_id in enumerate(texts)}


def _one_by_one(client: Client, texts: Mapping[str, str]) -> dict[str, Ending]:
    endings: dict[str, Ending] = {}
    for workflow_id, text in texts.items():
        try:
            endings[workflow_id] = _ending(client.call(METHOD, _params(workflow_id, text)))
        except MethodFailed as error:
            endings[workflow_id] = error
        except BitrixError as error:
            if not endings:
                raise
            endings[workflow_id] = error
            break
    return endings | {
        workflow_id: Halted("", "not sent: an earlier call failed")
        for workflow_id in texts
        if workflow_id not in endings
    }


def _params(workflow_id: str, status: str) -> dict[str, object]:
    return {"ID": workflow_id, "STATUS": status}


def _ending(answer: Answer | BitrixError) -> Ending:
    if isinstance(answer, BitrixError):
        return answer
    if answer.result is True:
        return True
    if answer.result is False:
        return MethodFailed("", "the portal did not confirm")
    # No answer that this method has: whether it stopped the workflow is not said.
    return Unheard("", "the portal's answer does not tell")
