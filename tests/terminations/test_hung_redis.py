"""A Redis that hangs takes connections and answers nothing; who sends a wake-up goes on soon all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from bxapp.bitrix.limits import Reservation
from bxapp.bitrix.limits.shared import PAUSE_SECONDS
from bxapp.bitrix.methods.terminating import METHOD
from bxapp.portals import limits
from bxapp.terminations import tasks
from deploy.stack import ROOT
from tests.own_valkey import own_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from deploy.process import Process
    from tests.terminations.scene import Scene

# What a slot does that hands sixteen portals back, in a process of its own: Celery reads its broker's address
# only once.
HAND_BACK = """
import time, django
import bxapp.celery
django.setup()
from bxapp.terminations import waking
begun = time.monotonic()
for portal_id in range(16):
    waking._send(portal_id)
print(time.monotonic() - begun)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Process, str]]:
    with own_valkey(tmp_path) as running:
        yield running


def seconds_of_sixteen_wake_ups(address: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", HAND_BACK],
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": address, "DJANGO_SETTINGS_MODULE": "bxapp.settings"},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return float(done.stdout)


def test_a_slot_hands_its_portals_back_all_the_same(server: tuple[Process, str]) -> None:
    process, address = server
    os.kill(process.id, signal.SIGSTOP)

    # Again where the machine was busy with something else: were each waited for, it would always take longer.
    assert any(seconds_of_sixteen_wake_ups(address) < 3 for _ in range(3))


def test_where_it_answers_every_wake_up_arrives(server: tuple[Process, str]) -> None:
    _, address = server

    seconds_of_sixteen_wake_ups(address)

    with Redis.from_url(address) as client:
        assert client.llen("celery") == 16


def test_what_was_spent_meanwhile_is_told_by_the_next_sweep(
    server: tuple[Process, str], scene: Scene, settings: Settings
) -> None:
    """This process may never work for that portal again, and another one does."""
    process, settings.REDIS_URL = server
    os.kill(process.id, signal.SIGSTOP)
    budget = limits.budget_of(scene.actor.portal, METHOD)
    (spent,) = budget.reserve_all([1], 1.0, calls_within=lambda _seconds: 0)
    assert isinstance(spent, Reservation)
    os.kill(process.id, signal.SIGCONT)
    pattern = f"limits:{{{scene.actor.portal.member_id}}}:operating:*"
    give_up_at = time.monotonic() + 20

    with Redis.from_url(settings.REDIS_URL) as client:
        while len(list(client.scan_iter(pattern))) < 2 and time.monotonic() < give_up_at:
            # After a time-out, which a busy machine may be the reason of, it is left alone for so long.
            time.sleep(PAUSE_SECONDS)
            tasks.sweep()

        assert len(list(client.scan_iter(pattern))) == 2
