"""The addresses of coming in; /app/, /install/, /events/ and /oauth/ are registered in Bitrix24."""

from __future__ import annotations

from django.urls import path

from bxapp.portals import event_views, launch_views, login_views, session_views

urlpatterns = [
    path("", login_views.home),
    path("app/", launch_views.application),
    path("install/", launch_views.installer),
    path("install/handlers/", launch_views.bind_again),
    path("events/", event_views.event),
    path("oauth/login/", login_views.log_in),
    path("oauth/callback/", login_views.log_in_callback),
    path("session/renew/", session_views.renew),
    path("logout/", session_views.log_out),
]
