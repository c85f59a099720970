"""HTTP matters of every page: headers, refusals, language, time zone."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "bxapp.web"
    label = "web"
