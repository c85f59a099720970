"""Django's settings of the tests: the product's own, read from the environment of ``tests.environment``."""

from __future__ import annotations

from pathlib import Path

import bxapp.celery  # noqa: F401  (as in every process of the product: wake-ups go through it)
import tests.environment  # noqa: F401  (before the settings: it sets what they read)
from bxapp.settings import *  # noqa: F403
from bxapp.settings import DATABASES, STATIC_ROOT

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: a database in memory has neither WAL nor the locks that threads must meet.
    _file = Path(DATABASES["default"]["NAME"])
    DATABASES["default"]["TEST"] = {"NAME": str(_file.with_name(f"test-{_file.name}"))}

# Whitenoise warns where nothing has been collected yet, and tests need nothing of it.
STATIC_ROOT.mkdir(exist_ok=True)
