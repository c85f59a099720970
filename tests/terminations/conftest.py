"""The engine, tested against the portal in a box as a real process, on a database with real commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from bxapp.portals import sessions
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
