"""The Celery application: ``celery -A bxapp worker`` and ``celery -A bxapp beat``."""

from __future__ import annotations

import gc
import os

from celery import Celery
from celery.signals import setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bxapp.settings")

app = Celery("bxapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Every thread of a web process sends its wake-ups through this one, not only the thread that made it.
app.set_default()


@setup_logging.connect
def keep_logging(**_: object) -> None:
    """Leave logging as Django has it: where someone listens here, Celery sets up nothing of its own."""


@worker_init.connect
def spare_collections(**_: object) -> None:
    """Leave what was loaded at the start out of garbage collection, and collect less often.

    Thousands of items read or stored at once would set off one collection after the other through everything
    that Django and Celery hold: a third of the time of reading them. Web processes do the same.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
