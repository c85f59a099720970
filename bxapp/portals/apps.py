"""For whom the application works: portals and the rights their administrators granted."""

from __future__ import annotations

from django.apps import AppConfig


class PortalsConfig(AppConfig):
    name = "bxapp.portals"
    label = "portals"

    def ready(self) -> None:
        # Models can be imported only now.
        from bxapp.portals.figures import PortalFigures
        from bxapp.web.metrics import REGISTRY

        REGISTRY.register(PortalFigures())
