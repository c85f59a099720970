from __future__ import annotations

from django.apps import AppConfig


class TerminationsConfig(AppConfig):
    name = "bxapp.terminations"
    label = "terminations"
