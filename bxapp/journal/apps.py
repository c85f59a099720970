from __future__ import annotations

from typing import Any

from celery.signals import task_postrun
from django.apps import AppConfig
from django.core.signals import request_finished
from django.db import close_old_connections


class JournalConfig(AppConfig):
    name = "bxapp.journal"

    def ready(self) -> None:
        """Write what a task or a page has said to Bitrix24 when it is over, in its own thread."""
        request_finished.connect(_page_is_over, dispatch_uid="journal")
        task_postrun.connect(_task_is_over, dispatch_uid="journal", weak=False)


def _page_is_over(**_signal: Any) -> None:
    from bxapp.journal import writing

    if writing.write():
        # The page's own look at its connection was before this one.
        close_old_connections()


def _task_is_over(**_signal: Any) -> None:
    from bxapp.journal import writing

    writing.write()
