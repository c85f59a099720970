"""The Celery tasks: ids only, and safe to run at any time, twice, or not at all."""

from __future__ import annotations

from celery import shared_task

from bxapp.portals import limits
from bxapp.terminations.engine import dispatch, sweeping


@shared_task
def run_portal(portal_id: int) -> None:
    """Do what is due for one portal, and for others as long as there is any."""
    dispatch.serve(portal_id)


@shared_task
def sweep() -> None:
    """Find what is due for every portal; whichever process does it tells what it spent alone."""
    limits.report()
    sweeping.sweep()
