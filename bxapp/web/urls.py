"""The addresses of those who run the application."""

from __future__ import annotations

from django.urls import path

from bxapp.web import health, metrics

urlpatterns = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.metrics),
]
