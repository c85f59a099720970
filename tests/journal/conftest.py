"""The journal, tested with the engine at work on a portal in a box, on a database with real commits."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from tests.portals.sandbox import running_sandbox
from tests.terminations.scene import Scene, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

    from tests.portals.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    with running_sandbox("--workflows", "0") as sandbox:
        yield sandbox


@pytest.fixture
def scene(sandbox_process: Sandbox, database: None, settings: Settings) -> Scene:
    """A fresh portal; from here on the sandbox's record and the journal begin together."""
    settings.BITRIX24_OAUTH_SERVERS = [sandbox_process.authorization]
    sandbox_process.reset()
    sandbox_process.forget()
    return Scene(sandbox_process, opened(sandbox_process))


def shown(*arguments: str) -> list[dict[str, Any]]:
    """Return what ``manage.py journal --json`` shows."""
    out = StringIO()
    call_command("journal", "--json", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]
