"""The daily look at pairs that nobody uses and at portals that may have removed the application."""

from __future__ import annotations

from celery import shared_task

from bxapp.portals import upkeep


@shared_task
def renew_idle_grants() -> None:
    """Renew pairs before their 180 days end, look again where the application may be gone, tidy sessions."""
    upkeep.renew_idle_grants()
    upkeep.look_again_where_absent()
    upkeep.forget_ended_browser_sessions()
