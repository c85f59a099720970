"""Trying again what failed: the failed workflows of a job, as they were known when it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.terminations.states import Outcome
from bxapp.workflows.selection import SelectedWorkflow

if TYPE_CHECKING:
    from bxapp.terminations.models import Item, Job


def failed_of(job: Job) -> list[SelectedWorkflow]:
    """Return the workflows of a job that could not be stopped."""
    return [_selected(item) for item in job.items.filter(outcome=Outcome.FAILED).order_by("position")]


def _selected(item: Item) -> SelectedWorkflow:
    return SelectedWorkflow(
        id=item.workflow_id,
        module_id=item.module_id,
        entity=item.entity,
        document_id=item.document_id,
        document_name=item.document_name,
        template_id=item.template_id,
        template_name=item.template_name,
        started=item.workflow_started_at,
        started_by_id=item.started_by_id,
        started_by_name=item.started_by_name,
    )
