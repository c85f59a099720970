"""The addresses that the README promises exist."""

from __future__ import annotations

import pytest
from django.urls import resolve

from deploy.stack import ROOT

ADDRESSES = [
    "/",
    "/app/",
    "/install/",
    "/events/",
    "/oauth/login/",
    "/oauth/callback/",
    "/session/renew/",
    "/logout/",
    "/workflows/",
    "/terminations/dialog/",
    "/terminations/preview/",
    "/terminations/",
    "/jobs/",
    "/jobs/1/",
    "/jobs/1/progress/",
    "/jobs/1/csv/",
    "/jobs/badge/",
    "/jobs/1/cancel/",
    "/jobs/1/pause/",
    "/jobs/1/go-on/",
    "/jobs/1/retry/",
    "/audit/",
    "/settings/",
    "/health/live",
    "/health/ready",
    "/metrics",
]
# What a reader needs to know; the others are steps inside a screen.
IN_README = [
    *("/app/", "/install/", "/events/", "/oauth/login/", "/oauth/callback/", "/workflows/", "/jobs/"),
    *("/audit/", "/settings/", "/health/live", "/health/ready", "/metrics"),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_resolves(address: str) -> None:
    assert callable(resolve(address).func)


@pytest.mark.parametrize("address", IN_README)
def test_the_readme_names_it(address: str) -> None:
    assert f"`{address}`" in (ROOT / "README.md").read_text()
