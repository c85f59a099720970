"""Probes and figures for whoever runs the application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from bxapp.portals.models import AccessGrant, Portal
from bxapp.web import health

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings


def test_a_living_process_says_so_without_the_database(client: Client) -> None:
    # Without the mark of a test that uses the database, every query fails here.
    answer = client.get("/health/live", headers={"Authorization": "Bearer x", "Cookie": "flowstop_session=x"})

    assert answer.status_code == 200


@pytest.mark.django_db
def test_everything_fit_for_work_is_ready(client: Client) -> None:
    answer = client.get("/health/ready")

    assert answer.json() == {"database": "ok", "migrations": "ok", "redis": "ok"}
    assert answer.status_code == 200


@pytest.mark.django_db
def test_without_redis_it_is_not_ready(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://user:secret@127.0.0.1:9/0"

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "migrations": "ok", "redis": "ConnectionError"}


@pytest.mark.django_db
def test_with_migrations_missing_it_is_not_ready(client: Client) -> None:
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("portals")
    MigrationRecorder(connection).record_unapplied(*newest)

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["migrations"].endswith("not applied")


def test_without_the_database_it_is_not_ready(rf: Any, settings: Settings, django_db_blocker: Any) -> None:
    name = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = "/nonexistent/flowstop.sqlite3"
        try:
            answer = health.ready(rf.get("/health/ready"))
        finally:
            connection.close()
            connection.settings_dict["NAME"] = name

    assert answer.status_code == 503
    assert b"OperationalError" in answer.content
    assert b"nonexistent" not in answer.content


@pytest.mark.django_db
def test_figures_count_without_names(client: Client) -> None:
    now = timezone.now()
    for number, state in enumerate(
        (Portal.State.INSTALLED, Portal.State.INSTALLED, Portal.State.UNINSTALLED)
    ):
        portal = Portal.objects.create(
            member_id=str(number),
            domain="secret.bitrix24.com",
            client_endpoint="https://secret.bitrix24.com/rest/",
            state=state,
            installed_at=now,
            confirmed_at=now,
        )
    AccessGrant.objects.create(
        portal=portal, user_id=1, user_name="Anna", expires_at=now, renewed_at=now, confirmed_at=now
    )

    answer = client.get("/metrics")

    figures = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain")
    assert 'flowstop_portals{state="installed"} 2.0' in figures
    assert 'flowstop_portals{state="uninstalled"} 1.0' in figures
    assert 'flowstop_grants{state="refused"} 0.0' in figures
    assert "secret" not in figures
    assert "Anna" not in figures
