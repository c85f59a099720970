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

        portal_removed.connect(_erase_names, dispatch_uid="workflows.names")


def _erase_names(portal: Portal, **_signal: Any) -> None:
    from bxapp.workflows import names

    names.erase(portal)
