"""One sandbox process for a module, a fresh world for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.process import SandboxProcess, start, stop

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[SandboxProcess]:
    found = start("--workflows", "120", "--portals", "2", "--seed", "7")
    yield found
    assert stop(found) == 0


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    """The process of the module with its world as at the start: no token, no fault, no record."""
    running_sandbox.number = 1
    running_sandbox.control("POST", "reset")
    return running_sandbox
