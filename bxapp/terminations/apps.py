from __future__ import annotations

from celery.signals import worker_shutting_down
from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save


class TerminationsConfig(AppConfig):
    name = "bxapp.terminations"
    label = "terminations"

    def ready(self) -> None:
        """Hear of portals that are removed, of users who open the application again, of pairs that work after
        all, and of migrations; tell figures, and the list what is being done to its rows.
        """
        from bxapp.portals.models import AccessGrant
        from bxapp.portals.refreshing import pair_revived
        from bxapp.portals.removal import portal_removed
        from bxapp.terminations import guards, stopping
        from bxapp.terminations.engine import resuming
        from bxapp.terminations.figures import TerminationFigures
        from bxapp.terminations.jobs import removal, saved_messages
        from bxapp.terminations.screens import row_marks
        from bxapp.web.metrics import REGISTRY
        from bxapp.workflows import row_marks as rows_of_the_list

        rows_of_the_list.register(row_marks.marks)
        portal_removed.connect(removal.portal_removed, dispatch_uid="terminations.portal_removed")
        portal_removed.connect(saved_messages.portal_removed, dispatch_uid="terminations.saved_messages")
        post_save.connect(resuming.grant_saved, sender=AccessGrant, dispatch_uid="terminations.grant_saved")
        pair_revived.connect(resuming.pair_revived, dispatch_uid="terminations.pair_revived")
        worker_shutting_down.connect(stopping.ask, dispatch_uid="terminations.stopping")
        REGISTRY.register(TerminationFigures())
        post_migrate.connect(guards.ensure, sender=self, dispatch_uid="terminations.guards")
