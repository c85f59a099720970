"""The environment of the tests, set before Django reads it; what is already set wins."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

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
    "LOG_LEVEL": "WARNING",
}

if "DATABASE_URL" not in os.environ:
    # The workers of a parallel run inherit the variable, so only the process that made the folder removes it.
    _folder = Path(tempfile.mkdtemp(prefix="flowstop-tests-"))
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    ENVIRONMENT["DATABASE_URL"] = f"sqlite:///{_folder / 'db.sqlite3'}"

for variable, value in ENVIRONMENT.items():
    os.environ.setdefault(variable, value)
