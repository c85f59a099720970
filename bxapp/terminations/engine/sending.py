"""The call itself: a batch of ``bizproc.workflow.terminate``, and what its answers mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bxapp.bitrix import errors, methods
from bxapp.terminations.changes import Ending, Requeued
from bxapp.terminations.jobs import recording, verdicts
from bxapp.terminations.states import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bxapp.bitrix.client import Client
    from bxapp.terminations.changes import Change
    from bxapp.terminations.jobs.turns import HeldTurn
    from bxapp.terminations.models import Item, Job

# The whole request or the command was refused before anything was executed.
NOT_EXECUTED = (
    errors.TryLater,
    errors.UserRefused,
    errors.PortalRefused,
    errors.RefreshNeeded,
    errors.NotGenuine,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of the request with a claimed batch: an answer, or the error of the request as a whole."""

    batch: Sequence[Item]
    answer: methods.Stopped | None
    error: errors.BitrixError | None


def send(client: Client, batch: Sequence[Item]) -> methods.Stopped:
    """Terminate the workflows of a claimed batch in one request; touches no database. Raises BitrixError."""
    return methods.stop(client, {item.workflow_id: item.message for item in batch})


def record(turn: HeldTurn, job: Job, heard: Iterable[Heard]) -> errors.BitrixError | None:
    """Record what came of batches of one job in one transaction; return why it has to wait, if it has to.

    Raises TurnLostError.
    """
    changes: dict[Item, Change] = {}
    refusal: errors.BitrixError | None = None
    for one in heard:
        part, refused = _changes(one)
        changes |= part
        refusal = refusal or refused
    recording.write(turn, job, changes)
    return refusal


def _changes(heard: Heard) -> tuple[dict[Item, Change], errors.BitrixError | None]:
    """Return what a request means for its items, and the refusal of what was not executed, if any."""
    if heard.answer is not None:
        return _changes_by_command(heard.batch, heard.answer.endings)
    error = heard.error or errors.Unheard()
    alone = len(heard.batch) == 1
    if isinstance(error, errors.OurMistake) and not alone:
        # Something on the way may drop large requests: in smaller ones they go through.
        return dict.fromkeys(heard.batch, Requeued(batch_limit=len(heard.batch) // 2)), error
    if isinstance(error, (*NOT_EXECUTED, errors.OurMistake)):
        return dict.fromkeys(heard.batch, Requeued()), error
    return {item: verdicts.of_silence(item, error, alone=alone) for item in heard.batch}, None


def _changes_by_command(
    batch: Sequence[Item], answers: Mapping[str, Literal[True] | errors.BitrixError]
) -> tuple[dict[Item, Change], errors.BitrixError | None]:
    changes: dict[Item, Change] = {}
    refusal: errors.BitrixError | None = None
    for item in batch:
        answer = answers.get(item.workflow_id)
        if answer is True:
            changes[item] = Ending(Outcome.TERMINATED)
        elif isinstance(answer, NOT_EXECUTED):
            refusal = refusal or answer
            changes[item] = Requeued()
        elif answer is None or (isinstance(answer, errors.Unheard) and not answer.code):
            # The command is missing in the answer: it may have been executed.
            changes[item] = verdicts.of_silence(item, answer or errors.Unheard(), alone=len(batch) == 1)
        else:
            changes[item] = verdicts.of_error(item, answer)
    return changes, refusal
