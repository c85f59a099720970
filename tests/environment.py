"""The environment of the tests, set before Django reads it; what is already set wins."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_DATABASE = Path(tempfile.gettempdir()) / f"flowstop-tests-{os.getpid()}" / "db.sqlite3"

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
    "DATABASE_URL": f"sqlite:///{_DATABASE}",
    "LOG_LEVEL": "WARNING",
}

for variable, value in ENVIRONMENT.items():
    os.environ.setdefault(variable, value)
