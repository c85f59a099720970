"""Jobs of one administrator beside another one, whose rights may be lent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from bxapp.terminations.jobs.queueing import queue
from tests.terminations.scene import MESSAGE, selected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene

OWNER, OTHER = 1, 2


def queued(scene: Scene, ids: Sequence[str], *, leave: bool = True) -> Job:
    """Return the owner's job, which may use another's rights where ``leave`` was given."""
    chosen = [selected(workflow_id) for workflow_id in ids]
    return queue(scene.actor, chosen, MESSAGE, uuid4().hex, may_use_other_grants=leave)


def revoke(scene: Scene, user_id: int) -> None:
    """Let the portal refuse all pairs of a user."""
    scene.sandbox.control("POST", "/portals/1/tokens/revoke", user_id=user_id)
