"""The call itself: a batch of ``bizproc.workflow.terminate``, and what its answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bxapp.bitrix import errors, methods
from bxapp.terminations import blocking, recording, verdicts
from bxapp.terminations.changes import Ending, Requeued
from bxapp.terminations.states import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bxapp.bitrix.client import Client
    from bxapp.terminations.changes import Change
    from bxapp.terminations.models import Item, Job
    from bxapp.terminations.turns import HeldTurn

# The whole request or the command was refused before anything was executed.
_NOT_EXECUTED = (
    errors.TryLater,
    errors.UserRefused,
    errors.PortalRefused,
    errors.RefreshNeeded,
    errors.NotGenuine,
)


def batch_size(item: Item) -> int:
    """Return how many workflows may go in one request that begins with ``item``.

    An item whose message a batch might alter was queued with a limit of 1: a single call leaves it as typed.
    """
    return item.batch_limit


def send(turn: HeldTurn, job: Job, client: Client, batch: Sequence[Item]) -> bool:
    """Terminate the workflows of a claimed batch and record what was answered.

    Returns whether more may be sent at once: false when the job has to wait, or nothing was heard. Raises
    TurnLostError.
    """
    if not batch:
        return False
    try:
        messages = {item.workflow_id: item.message for item in batch}
        answers = turn.ask(lambda: methods.terminate(client, list(messages), messages))
    except (*_NOT_EXECUTED, errors.OurMistake) as error:
        recording.write(turn, job, dict.fromkeys(batch, Requeued()))
        blocking.block(turn, job, error)
        return False
    except errors.BitrixError as error:
        alone = len(batch) == 1
        recording.write(turn, job, {item: verdicts.of_silence(item, error, alone=alone) for item in batch})
        return False
    changes, refusal = _changes(batch, answers)
    recording.write(turn, job, changes)
    if refusal is not None:
        blocking.block(turn, job, refusal)
    return refusal is None


def _changes(
    batch: Sequence[Item], answers: Mapping[str, Literal[True] | errors.BitrixError]
) -> tuple[dict[Item, Change], errors.BitrixError | None]:
    """Return what each answer means, and the first refusal of a command that was not executed, if any."""
    changes: dict[Item, Change] = {}
    refusal: errors.BitrixError | None = None
    for item in batch:
        answer = answers.get(item.workflow_id)
        if answer is True:
            changes[item] = Ending(Outcome.TERMINATED)
        elif isinstance(answer, _NOT_EXECUTED):
            refusal = refusal or answer
            changes[item] = Requeued()
        elif answer is None or (isinstance(answer, errors.Unheard) and not answer.code):
            # The command is missing in the answer: it may have been executed.
            changes[item] = verdicts.of_silence(item, answer or errors.Unheard(), alone=len(batch) == 1)
        else:
            changes[item] = verdicts.of_error(item, answer)
    return changes, refusal
