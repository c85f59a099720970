"""Tokens at rest: encrypted, and encrypted anew when a key is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from bxapp.portals.encryption import UnreadableSecretError
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def secrets(client: Client, sandbox: Sandbox) -> tuple[str, ...]:
    """Application token, access token and refresh token of a portal that was opened."""
    _, fields = form = sandbox.launch(installer=False)
    client.post(*form)
    return fields["APPLICATION_TOKEN"], fields["AUTH_ID"], fields["REFRESH_ID"]


def _read() -> tuple[str, ...]:
    grant = AccessGrant.objects.get()
    return Portal.objects.get().application_token, grant.access_token, grant.refresh_token


def _stored() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT application_token, access_token, refresh_token FROM portals_portal, portals_accessgrant"
        )
        return tuple(cursor.fetchone())


def test_they_are_clear_in_python_and_unreadable_in_the_database(secrets: tuple[str, ...]) -> None:
    assert _read() == secrets
    assert not any(secret in "".join(_stored()) for secret in secrets)


def test_a_new_key_in_front_reads_what_the_old_one_wrote(
    secrets: tuple[str, ...], settings: Settings
) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_ENCRYPTION_KEYS]

    assert _read() == secrets


def test_after_a_rotation_the_old_key_is_not_needed(secrets: tuple[str, ...], settings: Settings) -> None:
    new = Fernet.generate_key().decode()
    settings.TOKEN_ENCRYPTION_KEYS = [new, *settings.TOKEN_ENCRYPTION_KEYS]
    before = _stored()

    call_command("rotate_keys", stdout=None)

    settings.TOKEN_ENCRYPTION_KEYS = [new]
    assert _read() == secrets
    assert set(_stored()).isdisjoint(before)


def test_a_lost_key_is_told_and_nothing_is_thrown_away(secrets: tuple[str, ...], settings: Settings) -> None:
    old = settings.TOKEN_ENCRYPTION_KEYS
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(UnreadableSecretError):
        _read()
    with pytest.raises(CommandError, match="2 rows"):
        call_command("rotate_keys")

    settings.TOKEN_ENCRYPTION_KEYS = old
    assert _read() == secrets


def test_after_a_lost_key_was_given_up_an_opening_brings_new_tokens(
    secrets: tuple[str, ...], settings: Settings, client: Client, sandbox: Sandbox
) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    call_command("rotate_keys", "--drop-unreadable")

    assert _read() == ("", "", "")
    assert client.post(*sandbox.launch(installer=False)).status_code == 200
    assert all(_read())


def test_they_cannot_be_searched(secrets: tuple[str, ...]) -> None:
    with pytest.raises(TypeError):
        AccessGrant.objects.filter(access_token=secrets[1]).exists()
