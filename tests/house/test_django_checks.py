"""Django's own checks: migrations complete, and settings fit for production."""

from __future__ import annotations

import os
import subprocess
import sys

from deploy.stack import INHERITED, ROOT
from tests.environment import ENVIRONMENT


def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    production = {
        "DEBUG": "0",
        "APP_BASE_URL": "https://apps.example.org",
        "ALLOWED_HOSTS": "apps.example.org",
    }
    secret = {"SECRET_KEY": "".join(chr(ord("!") + (7 * position) % 90) for position in range(60))}
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:bxapp", "manage.py", *arguments],
        cwd=ROOT,
        env=inherited | ENVIRONMENT | production | secret,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_model_has_changed_without_a_migration() -> None:
    done = manage("makemigrations", "--check", "--dry-run")

    assert done.returncode == 0, done.stdout + done.stderr


def test_production_settings_leave_no_warning() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stdout + done.stderr
