"""What anybody may send without being known: little, and nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from bxapp.web.bodies import LONGEST_BYTES

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

DOORS = ["/app/", "/install/", "/events/", "/session/renew/"]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("door", DOORS)
def test_a_longer_body_than_any_portal_sends_is_not_read(client: Client, door: str) -> None:
    answer = client.post(door, b"a" * (LONGEST_BYTES + 1), content_type=FORM)

    assert answer.status_code == 400
    assert answer["X-Flowstop-Refusal"] == "form_incomplete"
    assert not hasattr(answer.wsgi_request, "_body")


@pytest.mark.parametrize("length", ["-1", "1e9", "", "x"])
def test_a_length_that_is_none_reads_nothing(client: Client, length: str) -> None:
    answer = client.generic(
        "POST", "/app/", b"AUTH_ID=x&member_id=y", content_type=FORM, CONTENT_LENGTH=length
    )

    assert answer.status_code == 400


def test_a_file_is_written_nowhere(client: Client) -> None:
    answer = client.post("/app/", {"AUTH_ID": "x", "file": SimpleUploadedFile("x", b"0" * 100_000)})

    assert answer.status_code == 400
    assert answer.wsgi_request.POST["AUTH_ID"] == "x", "the form was read"
    assert not answer.wsgi_request.FILES


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=\xff", b"--\xff"),
        (f"{FORM}; charset=utf-16", b"AUTH_ID=x"),
        (FORM, b"a=b&" * 25_000),
    ],
)
def test_a_body_that_cannot_be_read_gets_a_page(
    client: Client, settings: Settings, content_type: str, body: bytes
) -> None:
    settings.DEBUG = False

    answer = client.generic("POST", "/app/", body, content_type=content_type)

    assert answer.status_code == 400
    assert answer["X-Flowstop-Refusal"] == "form_incomplete"
    assert "The request is incomplete" in answer.content.decode()


def test_a_stranger_leaves_nothing_in_the_database(client: Client) -> None:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    stored = [
        name for name in tables if name not in {"django_migrations", "django_content_type", "sqlite_sequence"}
    ]

    client.get("/")
    client.get("/workflows/", headers={"Authorization": "Bearer x"})
    client.get("/oauth/callback/", {"state": "x", "code": "y"})
    client.post("/app/", {"AUTH_ID": "x" * 3000, "member_id": "y"})
    client.post(
        "/events/", {"event": "ONAPPUNINSTALL", "auth[member_id]": "y", "auth[application_token]": "z"}
    )
    client.post("/events/", {"event": "ONAPPINSTALL", "auth[member_id]": "y", "auth[application_token]": "z"})

    with connection.cursor() as cursor:
        for name in stored:
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608  (its own name)
            assert cursor.fetchone() == (0,), name
