"""What is measured inside the product, without its screen: run in the product's environment.

``python -m tests.bench.inside queue FILE`` queues one job of the workflow IDs in a file (one a line), for the
first portal's first administrator, and prints the seconds it took.
``python -m tests.bench.inside refresh NUMBER`` lets so many processes call the portal at the same moment.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bxapp.settings")
django.setup()

from django.db import connection  # noqa: E402 -- after the set-up

import bxapp.celery  # noqa: E402, F401 -- as in every process of the product: wake-ups go through it
from bxapp.portals.grants import client_for  # noqa: E402
from bxapp.portals.models import AccessGrant  # noqa: E402
from bxapp.portals.sessions import Actor, Channel  # noqa: E402
from bxapp.terminations.jobs.queueing import queue  # noqa: E402
from bxapp.workflows.selection import SelectedWorkflow  # noqa: E402


def queue_job(file: Path) -> float:
    """Queue one job of the IDs in ``file`` and return the seconds from the selection to the commit."""
    grant = AccessGrant.objects.select_related("portal").order_by("portal_id").first()
    assert grant is not None
    selection = [_selected(one) for one in file.read_text(encoding="ascii").split()]
    begun = time.perf_counter()
    queue(Actor(grant.portal, grant, Channel.BROWSER), selection, "Stopped by the measurement", uuid4().hex)
    return time.perf_counter() - begun


def refresh_at_once(number: int) -> int:
    """Let ``number`` processes call the portal with one expired token; return how many were answered."""
    # Connections are not shared by processes.
    connection.close()
    fork = multiprocessing.get_context("fork")
    together = fork.Barrier(number)
    answered = fork.Value("i", 0)

    def call() -> None:
        grant = AccessGrant.objects.select_related("portal").order_by("portal_id").first()
        assert grant is not None
        client = client_for(grant)
        together.wait(timeout=60)
        client.call("profile")
        with answered.get_lock():
            answered.value += 1

    processes = [fork.Process(target=call) for _ in range(number)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=90)
    return int(answered.value)


def _selected(workflow_id: str) -> SelectedWorkflow:
    return SelectedWorkflow(
        id=workflow_id,
        module_id="crm",
        entity="CCrmDocumentDeal",
        document_id="DEAL_1",
        document_name="Deal",
        template_id=1,
        template_name="Approval",
        started=None,
        started_by_id=1,
        started_by_name="Anna Berg",
    )


if __name__ == "__main__":
    what, value = sys.argv[1:]
    result = queue_job(Path(value)) if what == "queue" else refresh_at_once(int(value))
    sys.stdout.write(json.dumps(result) + "\n")
