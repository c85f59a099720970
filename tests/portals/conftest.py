"""Coming in, tested against the portal in a box as a real process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.portals.sandbox import listening_trap, running_sandbox
from tests.terminations.database import migrated_database, own_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings
    from pytest_django.plugin import DjangoDbBlocker

    from tests.portals.sandbox import Sandbox, Trap


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    with running_sandbox("--portals", "2", "--workflows", "5") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox, settings: Settings) -> Sandbox:
    """A fresh world with two portals, and an application that believes its authorization server only."""
    settings.BITRIX24_OAUTH_SERVERS = [sandbox_process.authorization]
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def trap() -> Iterator[Trap]:
    """An attacker's address. The test fails if anybody ever connects to it."""
    with listening_trap() as trap:
        yield trap
        assert trap.visits == 0, "Somebody followed an address that nobody confirmed."


@pytest.fixture(scope="session")
def migrated(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), migrated_database() as name:
        yield name


@pytest.fixture
def database(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database of the test's own, with real commits: for threads, processes, and rules of transactions."""
    with django_db_blocker.unblock(), own_database(migrated):
        yield
