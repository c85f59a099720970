"""Django's settings of the tests: the product's own, read from the environment of ``tests.environment``."""

from __future__ import annotations

from pathlib import Path

import tests.environment  # noqa: F401  (first: it sets what the next line reads)
from bxapp.settings import *  # noqa: F403
from bxapp.settings import DATABASES

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: a database in memory has neither WAL nor the locks that threads must meet.
    _file = Path(DATABASES["default"]["NAME"])
    DATABASES["default"]["TEST"] = {"NAME": str(_file.with_name(f"test-{_file.name}"))}
