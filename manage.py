#!/usr/bin/env python
"""Django's command line."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

import bxapp.celery  # noqa: F401  (commands may send wake-ups through it)
from bxapp.environment import ConfigurationError

# What ``bxapp/terminations/command_line/exit_codes.py`` calls usage; 1 would say that a job has failed.
_WRONG_CONFIGURATION = 2

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bxapp.settings")
    try:
        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_WRONG_CONFIGURATION)
