from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from bxapp.portals.models import Portal


class WorkflowsConfig(AppConfig):
    name = "bxapp.workflows"
    label = "workflows"

    def ready(self) -> None:
        from bxapp.portals.removal import portal_removed

        portal_removed.connect(_erase, dispatch_uid="workflows.erase")


def _erase(portal: Portal, **_signal: Any) -> None:
    from bxapp.workflows import keeping, names, overview_keeping, protected, saved_filters

    names.erase(portal)
    keeping.erase(portal)
    protected.erase(portal)
    saved_filters.SHELF.erase(portal)
    overview_keeping.erase(portal)
