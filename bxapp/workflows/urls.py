"""The addresses of this room."""

from __future__ import annotations

from django.urls import path

from bxapp.workflows import (
    filter_views,
    overview_views,
    row_mark_views,
    saved_filter_views,
    snapshot_views,
    views,
)

urlpatterns = [
    path("workflows/", views.running, name="workflows"),
    path("workflows/filter/", filter_views.form, name="filter-form"),
    path("workflows/filter/people/", filter_views.people, name="filter-people"),
    path("workflows/filter/link/", filter_views.link, name="list-link"),
    path("workflows/overview/", overview_views.overview, name="workflows-overview"),
    path("workflows/marks/", row_mark_views.marks, name="row-marks"),
    path("workflows/snapshots/", snapshot_views.begin, name="snapshots"),
    path("workflows/snapshots/<slug:reference>/", snapshot_views.progress, name="snapshot"),
    path("workflows/snapshots/<slug:reference>/read/", snapshot_views.read_here, name="read-snapshot"),
    path("workflows/snapshots/<slug:reference>/cancel/", snapshot_views.cancel, name="cancel-snapshot"),
    path("workflows/snapshots/<slug:reference>/members/", snapshot_views.members, name="snapshot-members"),
    path("workflows/saved/", saved_filter_views.menu, name="saved-filters"),
]
