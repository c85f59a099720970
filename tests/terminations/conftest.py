"""The engine, tested against the portal in a box as a real process, on a database with real commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from bxapp.portals import sessions
from tests.portals.sandbox import running_sandbox
from tests.terminations.database import migrated_database, own_database
from tests.terminations.scene import Scene, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings
    from pytest_django.plugin import DjangoDbBlocker

    from tests.portals.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    with running_sandbox("--workflows", "0") as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def migrated(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), migrated_database() as name:
        yield name


@pytest.fixture
def database(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), own_database(migrated):
        yield


@pytest.fixture
def scene(sandbox_process: Sandbox, database: None, settings: Settings) -> Scene:
    """A fresh portal in which an administrator has just opened the application."""
    settings.BITRIX24_OAUTH_SERVERS = [sandbox_process.authorization]
    sandbox_process.reset()
    actor = opened(sandbox_process)
    sandbox_process.forget()
    return Scene(sandbox_process, actor)


@pytest.fixture
def frame(scene: Scene) -> Client:
    """A page in the frame: a bearer session for its document, no cookie."""
    document = sessions.new_document()
    session = sessions.issue(scene.actor.portal, scene.actor.grant, document)
    return Client(
        enforce_csrf_checks=True,
        headers={
            "Authorization": f"Bearer {session}",
            "X-Flowstop-Document": document,
            "HX-Request": "true",
        },
    )
