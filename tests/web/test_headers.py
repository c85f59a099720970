"""Which headers every answer carries, whoever asked and however it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

PATHS = ["/", "/app/", "/workflows/", "/oauth/callback/", "/nowhere/", "/health/live", "/metrics"]


def _policy(answer: object) -> dict[str, list[str]]:
    told: str = answer["Content-Security-Policy"]  # type: ignore[index]  # a test client's response
    parts = [part.split() for part in told.split(";")]
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_them(client: Client, settings: Settings, path: str) -> None:
    settings.DEBUG = False
    answer = client.get(path)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = _policy(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]


@pytest.mark.parametrize("path", ["/", "/workflows/", "/oauth/login/?portal=a b", "/oauth/callback/"])
def test_no_page_for_a_person_is_kept(client: Client, path: str) -> None:
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.parametrize("path", ["/app/", "/install/"])
def test_a_refused_launch_may_be_read_in_any_portal_and_does_nothing(client: Client, path: str) -> None:
    answer = client.post(path, {"member_id": "x"})

    assert _policy(answer)["frame-ancestors"] == ["https:", "http:"]
    page = answer.content.decode()
    assert "<form" not in page
    assert "flowstop-session" not in page


def test_without_insecure_portals_only_https_may_frame(client: Client, settings: Settings) -> None:
    settings.BITRIX24_ALLOW_INSECURE = False

    assert _policy(client.post("/app/", {}))["frame-ancestors"] == ["https:"]


def test_over_tls_plain_http_is_left(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 3600

    assert client.get("/workflows/")["Location"] == "https://testserver/workflows/"
    assert client.get("/health/live").status_code == 200, "a probe speaks with the process itself"
    behind_the_proxy = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert behind_the_proxy["Strict-Transport-Security"] == "max-age=3600"
