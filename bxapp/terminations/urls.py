"""The addresses of this room."""

from __future__ import annotations

from django.urls import path

from bxapp.terminations import views

urlpatterns = [
    path("terminations/dialog/", views.dialog, name="termination-dialog"),
    path("terminations/preview/", views.preview, name="termination-preview"),
    path("terminations/", views.confirm, name="terminate"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<int:job_id>/", views.job, name="job"),
    path("jobs/<int:job_id>/progress/", views.progress, name="job-progress"),
    path("jobs/<int:job_id>/cancel/", views.cancel, name="cancel-job"),
    path("jobs/<int:job_id>/pause/", views.pause, name="pause-job"),
    path("jobs/<int:job_id>/go-on/", views.go_on, name="go-on-job"),
    path("jobs/<int:job_id>/retry/", views.retry, name="retry-job"),
]
