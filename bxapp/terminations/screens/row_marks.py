"""What the jobs of a portal do to workflows of the list: one question to the database for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import pgettext

from bxapp.audit import sentences
from bxapp.terminations.models import Item
from bxapp.terminations.states import ItemState, Outcome
from bxapp.workflows.row_marks import RowMark

if TYPE_CHECKING:
    from collections.abc import Collection

    from bxapp.portals.models import Portal

_OVER = {Outcome.TERMINATED, Outcome.ALREADY_FINISHED}


def marks(portal: Portal, ids: Collection[str]) -> list[RowMark]:
    """Return a mark for each of these workflows that a job has: what is open, else the last outcome."""
    items = Item.objects.filter(portal=portal, workflow_id__in=ids)
    known = items.order_by("pk").values_list("workflow_id", "state", "outcome", "reason", "other_job_id")
    latest: dict[str, RowMark] = {}
    for workflow_id, state, outcome, reason, other_job_id in known:
        is_open = state != ItemState.DONE
        if not is_open and workflow_id in latest and latest[workflow_id].is_open:
            continue
        latest[workflow_id] = (
            RowMark(workflow_id, "stopping", pgettext("workflow", "stopping…"), is_open=True)
            if is_open
            else RowMark(
                workflow_id,
                outcome,
                sentences.outcome(outcome),
                sentences.reason(reason, other_job_id),
                is_over=outcome in _OVER,
            )
        )
    return list(latest.values())
