"""Coming in, tested against the portal in a box as a real process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.portals.sandbox import listening_trap, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

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
