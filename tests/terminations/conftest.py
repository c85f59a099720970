"""The engine, tested against the portal in a box as a real process, on a database with real commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.portals.sandbox import running_sandbox
from tests.terminations.database import migrated_database, own_database
from tests.terminations.scene import Scene, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper
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
def scene(sandbox_process: Sandbox, database: None, settings: SettingsWrapper) -> Scene:
    """A fresh portal in which an administrator has just opened the application."""
    settings.BITRIX24_OAUTH_SERVERS = [sandbox_process.authorization]
    sandbox_process.reset()
    actor = opened(sandbox_process)
    sandbox_process.forget()
    return Scene(sandbox_process, actor)
