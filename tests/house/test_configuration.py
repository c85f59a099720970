"""A missing or malformed variable stops every process at its start, with one sentence that names it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deploy.ports import choose_free
from deploy.stack import INHERITED, ROOT
from tests.environment import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

PROCESSES = {
    "manage.py": ["manage.py", "migrate"],
    "web": ["-m", "gunicorn", "--config", "deploy/gunicorn_settings.py"],
    "worker": ["-m", "celery", "--app", "bxapp", "worker"],
    "beat": ["-m", "celery", "--app", "bxapp", "beat"],
}
MISSING = [
    "SECRET_KEY",
    "APP_BASE_URL",
    "BITRIX24_CLIENT_ID",
    "BITRIX24_CLIENT_SECRET",
    "TOKEN_ENCRYPTION_KEYS",
]
MALFORMED = {
    "SECRET_KEY": "short",
    "DEBUG": "perhaps",
    "APP_BASE_URL": "apps.example.org",
    "ALLOWED_HOSTS": " , ",
    "BITRIX24_OAUTH_SERVERS": "https://oauth.example.org/rest/",
    "BITRIX24_ALLOW_INSECURE": "sometimes",
    "BITRIX24_OPERATING_RULE": "480,600",
    "TAKEOVER_SECONDS": "20",
    "PROCESSES": "0",
    "BITRIX24_WEBHOOK_URL": "https://portal.example/rest/",
    "TOKEN_ENCRYPTION_KEYS": "not-a-key",
    "DATABASE_URL": "mysql://user@host/name",
    "REDIS_URL": "http://127.0.0.1:6379",
    "LOG_LEVEL": "LOUD",
}


def start(
    arguments: list[str], folder: Path, changes: dict[str, str | None]
) -> subprocess.CompletedProcess[str]:
    """Start a process of the product; in ``changes`` None takes a variable away."""
    production = ENVIRONMENT | {"DEBUG": "0", "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"} | changes
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=inherited | {name: value for name, value in production.items() if value is not None},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def says_one_sentence(done: subprocess.CompletedProcess[str], variable: str) -> bool:
    said = (done.stdout + done.stderr).strip().splitlines()
    return (
        done.returncode != 0
        and len(said) == 1
        and said[0].startswith(f"Configuration: {variable} ")
        and said[0].endswith(".")
    )


@pytest.mark.parametrize("variable", MISSING)
def test_a_missing_variable(tmp_path: Path, variable: str) -> None:
    done = start(PROCESSES["manage.py"], tmp_path, {variable: None})

    assert says_one_sentence(done, variable), done


@pytest.mark.parametrize("variable", MALFORMED)
def test_a_malformed_variable(tmp_path: Path, variable: str) -> None:
    done = start(PROCESSES["manage.py"], tmp_path, {variable: MALFORMED[variable]})

    assert says_one_sentence(done, variable), done


@pytest.mark.parametrize("value", ["", "somewhere://user@host/name", "postgres"])
def test_a_database_of_no_known_kind(tmp_path: Path, value: str) -> None:
    done = start(PROCESSES["manage.py"], tmp_path, {"DATABASE_URL": value})

    assert says_one_sentence(done, "DATABASE_URL"), done


def test_hosts_have_no_default_in_production(tmp_path: Path) -> None:
    done = start(PROCESSES["manage.py"], tmp_path, {"ALLOWED_HOSTS": None})

    assert says_one_sentence(done, "ALLOWED_HOSTS"), done


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("value", [None, "not-a-key"], ids=["missing", "malformed"])
def test_every_process_stops(tmp_path: Path, process: str, value: str | None) -> None:
    done = start(PROCESSES[process], tmp_path, {"TOKEN_ENCRYPTION_KEYS": value})

    assert says_one_sentence(done, "TOKEN_ENCRYPTION_KEYS"), done


def test_gunicorn_without_our_settings_stops_too(tmp_path: Path) -> None:
    """It would start a worker that ended with any other exit code again and again, for ever."""
    port = choose_free(1)[0]

    done = start(
        ["-m", "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "bxapp.wsgi"],
        tmp_path,
        {"SECRET_KEY": None},
    )

    assert done.returncode == 3
    assert done.stderr.count("Configuration: SECRET_KEY is missing.") == 1


def test_secrets_are_not_repeated_in_the_sentence(tmp_path: Path) -> None:
    done = start(PROCESSES["manage.py"], tmp_path, {"SECRET_KEY": "half-a-secret", "DEBUG": "0"})

    assert "half-a-secret" not in done.stdout + done.stderr
