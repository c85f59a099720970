"""The WSGI application: ``gunicorn bxapp.wsgi``."""

from __future__ import annotations

import os
import sys

from django.core.wsgi import get_wsgi_application

# Views send wake-ups through the application that is made here.
from bxapp.celery import spare_collections

# Gunicorn starts a worker that ended anew, for ever, unless it ended with this code.
GUNICORN_WORKER_BOOT_ERROR = 3

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bxapp.settings")
try:
    application = get_wsgi_application()
except SystemExit as stop:
    sys.stderr.write(f"{stop.code}\n")
    raise SystemExit(GUNICORN_WORKER_BOOT_ERROR) from stop
spare_collections()
