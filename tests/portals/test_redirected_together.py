"""Many requests of one client that meet the same news: one question, one connection to the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from bxapp.bitrix.errors import NotInstalled
from bxapp.bitrix.methods import profile
from bxapp.portals import grants, removal
from bxapp.portals.grants import client_for
from bxapp.portals.models import AccessGrant, Portal
from tests.bitrix.portal import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client

    from bxapp.bitrix.client import Client as PortalClient
    from tests.portals.sandbox import Sandbox

# Twice as many requests are fewer than the portal lets pass at once.
TOGETHER = 20


@pytest.fixture
def opened(database: None, client: Client, sandbox: Sandbox) -> PortalClient:
    """A client of an administrator's pair."""
    client.post(*sandbox.launch(installer=False))
    sandbox.forget()
    return client_for(AccessGrant.objects.select_related("portal").get())


def _once_all_have_asked(sandbox: Sandbox, then: Callable[..., Any]) -> Callable[..., Any]:
    def wait(*args: Any, **options: Any) -> Any:
        assert eventually(lambda: len(sandbox.asked("portal")) >= TOGETHER, 60)
        return then(*args, **options)

    return wait


@contextmanager
def _counted_connections() -> Iterator[list[object]]:
    """Give a list of the connections to the database that are opened in the block."""
    opened: list[object] = []

    def note(connection: object, **_signal: Any) -> None:
        opened.append(connection)

    connection_created.connect(note)
    try:
        yield opened
    finally:
        connection_created.disconnect(note)


def _together(ask: Callable[[], object]) -> list[tuple[object, bool]]:
    """Return what each thread got, and whether it keeps a connection to the database."""

    def one(_: int) -> tuple[object, bool]:
        answer = ask()
        return answer, connection.connection is not None

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(one, range(TOGETHER)))


def test_a_move_is_confirmed_once_for_all(
    opened: PortalClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.settings(moved=True)
    monkeypatch.setattr(grants, "_confirm_move", _once_all_have_asked(sandbox, grants._confirm_move))

    with _counted_connections() as connections:
        assert _together(lambda: profile(opened).user_id) == [(1, False)] * TOGETHER

    assert len(connections) == 1
    assert [one["method"] for one in sandbox.asked("authorization")] == ["app.info"]
    assert Portal.objects.get().client_endpoint == f"{sandbox.portal()['new_url']}/rest/"


def test_a_sign_that_the_application_is_gone_is_noted_once_for_all(
    opened: PortalClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault(kind="error", code="NOT_INSTALLED", status=403)
    monkeypatch.setattr(removal, "suspect", _once_all_have_asked(sandbox, removal.suspect))

    def ask() -> str:
        with pytest.raises(NotInstalled) as refused:
            profile(opened)
        return refused.value.code

    with _counted_connections() as connections:
        assert _together(ask) == [("NOT_INSTALLED", False)] * TOGETHER

    assert len(connections) == 1
    assert Portal.objects.get().absent_since is not None
