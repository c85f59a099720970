"""Which version of the application this is, as its project file says."""

from __future__ import annotations

import tomllib
from functools import cache

from django.conf import settings


@cache
def current() -> str:
    """Return the version, such as ``0.1.0``."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
