"""The addresses of this room."""

from __future__ import annotations

from django.urls import path

from bxapp.terminations.screens import job_views, protection_views, settings_views, views

urlpatterns = [
    path("terminations/dialog/", views.dialog, name="termination-dialog"),
    path("terminations/preview/", views.preview, name="termination-preview"),
    path("terminations/", views.confirm, name="terminate"),
    path("jobs/", job_views.jobs, name="jobs"),
    path("jobs/badge/", job_views.badge, name="jobs-badge"),
    path("jobs/<int:job_id>/", job_views.job, name="job"),
    path("jobs/<int:job_id>/progress/", job_views.progress, name="job-progress"),
    path("jobs/<int:job_id>/csv/", job_views.table, name="job-csv"),
    path("jobs/<int:job_id>/cancel/", job_views.cancel, name="cancel-job"),
    path("jobs/<int:job_id>/pause/", job_views.pause, name="pause-job"),
    path("jobs/<int:job_id>/go-on/", job_views.go_on, name="go-on-job"),
    path("jobs/<int:job_id>/retry/", views.retry, name="retry-job"),
    path("terminations/messages/", settings_views.offer_messages, name="saved-messages"),
    path("settings/", settings_views.screen, name="settings"),
    path("settings/preferences/", settings_views.prefer, name="prefer"),
    path("settings/messages/", settings_views.add_message, name="add-message"),
    path("settings/messages/<int:number>/", settings_views.change_message, name="change-message"),
    path("settings/messages/<int:number>/delete/", settings_views.delete_message, name="delete-message"),
    path("settings/filters/<int:number>/", settings_views.rename_filter, name="rename-filter"),
    path("settings/filters/<int:number>/delete/", settings_views.delete_filter, name="delete-filter"),
    path("settings/templates/", protection_views.search, name="template-choices"),
    path("settings/templates/<int:template_id>/protect/", protection_views.protect, name="protect"),
    path("settings/templates/<int:template_id>/unprotect/", protection_views.unprotect, name="unprotect"),
]
