"""The environment of the tests, set before Django reads it; what is already set wins."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from deploy import ports

_FOLDER = Path(__file__).resolve().parent.parent / "var" / "tests"

ENVIRONMENT = {
    "SECRET_KEY": "tests-only-" + "k" * 50,
    "DEBUG": "1",
    "APP_BASE_URL": "http://127.0.0.1:8000",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    "BITRIX24_CLIENT_ID": "local.flowstop",
    "BITRIX24_CLIENT_SECRET": "tests-only-client-secret",
    "BITRIX24_OAUTH_SERVERS": "http://localhost:8101",
    "BITRIX24_ALLOW_INSECURE": "1",
    "TOKEN_ENCRYPTION_KEYS": "dGVzdHMtb25seS1rZXktMzItYnl0ZXMtbG9uZy0hISE=",
    # A file of this run's own; the tests' database stands beside it and goes with the run.
    "DATABASE_URL": f"sqlite:///{_FOLDER / f'{os.getpid()}.sqlite3'}",
    "LOG_LEVEL": "WARNING",
}
# Of the run as a whole: the workers of a parallel run inherit both variables.
EMBEDDED_REDIS_PORT = ports.choose_free(1)[0] if "REDIS_URL" not in os.environ else None
# Of a parallel run, and empty in any other.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
_WORKERS = 8


def _choose_redis_database() -> None:
    """Give each worker of a parallel run a Redis database of its own: gw0 the next one, and so on."""
    if _WORKER:
        url = urlsplit(os.environ["REDIS_URL"])
        number = int(url.path.strip("/") or "0") + 1 + int(_WORKER)
        os.environ["REDIS_URL"] = url._replace(path=f"/{number}").geturl()


def _keep_to_own_ports() -> None:
    """Let no two workers choose one port: it is still free when the other looks, until somebody listens."""
    if _WORKER:
        ports._PORTS = ports._PORTS[int(_WORKER) % _WORKERS :: _WORKERS]


if EMBEDDED_REDIS_PORT:
    ENVIRONMENT["REDIS_URL"] = f"redis://127.0.0.1:{EMBEDDED_REDIS_PORT}/0"
for variable, value in ENVIRONMENT.items():
    os.environ.setdefault(variable, value)
_choose_redis_database()
_keep_to_own_ports()
