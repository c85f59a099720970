"""In which state a running workflow is, as its lock tells."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.bitrix.methods import Instance


class RowState(StrEnum):
    RUNNING = "running"
    # Locked by the portal at this moment.
    EXECUTING = "executing"
    # Its lock is long over: it will not go on by itself.
    HUNG = "hung"


def state_of(instance: Instance, now: datetime) -> RowState:
    """Return the state of a workflow at ``now``."""
    if instance.is_executing(now):
        return RowState.EXECUTING
    return RowState.HUNG if instance.is_hung(now) else RowState.RUNNING
