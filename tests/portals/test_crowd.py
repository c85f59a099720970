"""A crowd of strangers holds some threads of a process, and never all of them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from bxapp.portals import verification
from bxapp.web.refusals import Refusal
from deploy import gunicorn_settings

if TYPE_CHECKING:
    from tests.portals.sandbox import Sandbox

CROWD = verification.AT_ONCE + 3


def test_more_than_some_at_once_are_sent_away_soon(sandbox: Sandbox, database: None) -> None:
    sandbox.fault(kind="slow", server="authorization", method="app.info", seconds=10)
    ends: list[tuple[str, float]] = []

    def come() -> None:
        begun = time.monotonic()
        try:
            verification.verify("x" * 70, server_hint="", member_id="m" * 32)
        except Refusal as refusal:
            ends.append((refusal.reason.value, time.monotonic() - begun))
        finally:
            connection.close()

    strangers = [threading.Thread(target=come) for _ in range(CROWD)]
    for stranger in strangers:
        stranger.start()
    for stranger in strangers:
        stranger.join()

    away = [seconds for reason, seconds in ends if reason == "portal_busy"]
    heard = [seconds for reason, seconds in ends if reason == "unknown_token"]
    assert (len(away), len(heard)) == (CROWD - verification.AT_ONCE, verification.AT_ONCE)
    assert max(away) < min(heard)


def test_half_of_the_threads_stay_free() -> None:
    assert gunicorn_settings.threads >= verification.AT_ONCE * 2


@pytest.mark.django_db
def test_places_are_given_back(sandbox: Sandbox) -> None:
    for _ in range(verification.AT_ONCE + 1):
        with pytest.raises(Refusal, match="unknown_token"):
            verification.verify("x" * 70, server_hint="", member_id="m" * 32)
