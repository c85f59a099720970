#!/usr/bin/env python
"""Django's command line."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

import bxapp.celery  # noqa: F401  (commands may send wake-ups through it)

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bxapp.settings")
    execute_from_command_line(sys.argv)
