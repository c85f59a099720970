"""Stopping workflows (documentation "bizproc.workflow.terminate"; ``bizproc/lib/restservice.php``).

``true`` means that the portal did it; it does not mean that the workflow stays away (one in mid-execution
comes back as a ghost). An error says nothing for sure: ask ``running``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bxapp.bitrix.answers import Answer
from bxapp.bitrix.client import LONGEST_BATCH, Command
from bxapp.bitrix.errors import BitrixError, MethodFailed, Unheard

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def _in_batch(client: Client, texts: Mapping[str, str]) -> dict[str, Answer | BitrixError]:
    commands = {
        f"stop{place}": Command(METHOD, _params(workflow_id, text))
        for place, (workflow_id, text) in enumerate(texts.items())
    }
    answers = client.batch(commands).answers
    return {workflow_id: answers[f"stop{place}"] for place, workflow_id in enumerate(texts)}


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
