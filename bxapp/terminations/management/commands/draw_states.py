"""``manage.py draw_states``: writes ``docs/states.md``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from bxapp.terminations import drawing


class Command(BaseCommand):
    help = "Draws the state machines of jobs and items into docs/states.md."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "states.md"
        path.write_text(drawing.page(), encoding="utf-8")
        self.stdout.write(f"{path} is up to date.")
