"""The journal's upkeep."""

from __future__ import annotations

from celery import shared_task

from bxapp.journal import pruning


@shared_task
def prune() -> None:
    """Delete what is older than it has to be kept."""
    pruning.prune()
