"""The Celery tasks: ids only, and safe to run at any time, twice, or not at all."""

from __future__ import annotations

from celery import shared_task

from bxapp.workflows import keeping, overview_keeping, snapshot_steps


@shared_task
def read_snapshot(snapshot_id: int) -> None:
    """Read what somebody has chosen all at once."""
    snapshot_steps.read_in_turn(snapshot_id)


@shared_task
def forget_old() -> None:
    """Drop chosen lists and overviews whose time is over, also of portals in which nobody is at work."""
    keeping.forget_old()
    overview_keeping.forget_old()
