"""The addresses of this room."""

from __future__ import annotations

from django.urls import path

from bxapp.workflows import views

urlpatterns = [
    path("workflows/", views.running, name="workflows"),
    path("workflows/all/", views.everything, name="all-workflows"),
    path("settings/", views.settings, name="settings"),
]
