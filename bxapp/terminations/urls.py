"""The addresses of this room."""

from __future__ import annotations

from django.urls import path

from bxapp.terminations import views

urlpatterns = [
    path("terminations/dialog/", views.dialog, name="termination-dialog"),
    path("terminations/", views.confirm, name="terminate"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<int:job_id>/", views.job, name="job"),
    path("jobs/<int:job_id>/progress/", views.progress, name="job-progress"),
    path("jobs/<int:job_id>/cancel/", views.cancel, name="cancel-job"),
]
