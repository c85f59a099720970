"""The Celery application: ``celery -A bxapp worker`` and ``celery -A bxapp beat``."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bxapp.settings")

app = Celery("bxapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Every thread of a web process sends its wake-ups through this one, not only the thread that made it.
app.set_default()


@setup_logging.connect
def keep_logging(**_: object) -> None:
    """Leave logging as Django has it: where someone listens here, Celery sets up nothing of its own."""
