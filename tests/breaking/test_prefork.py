"""A worker whose processes die at once, and which loses Redis later, goes on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bxapp.celery import app

pytestmark = pytest.mark.breaking


def test_the_workers_pool_outlives_its_processes_and_the_broker() -> None:
    program = [sys.executable, "-m", "tests.breaking.pool_loses_processes", app.conf.worker_pool]
    told = subprocess.run(program, capture_output=True, text=True, timeout=110, check=False)

    assert told.stdout == "0 unwatched, 2 then, 2 at the end\n", told.stderr
