"""Slots hear that their worker ends, whatever became of other slots."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

from deploy.stack import ROOT

# In a process of its own, because one that was asked to end stays so.
_WORKER = """
import os, signal, time
from bxapp.terminations import stopping

def slot():
    child = os.fork()
    if child == 0:
        while not stopping.is_asked():
            pass
        os._exit(0)
    return child

lasting = slot()
for _ in range(30):
    killed = slot()
    time.sleep(0.01)
    os.kill(killed, signal.SIGKILL)
    os.waitpid(killed, 0)
replacement = slot()
stopping.ask()
print([os.waitpid(child, 0)[1] for child in (lasting, replacement)])
"""


def test_a_slot_that_is_killed_while_it_asks_keeps_nobody_from_ending() -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        out, _ = worker.communicate(timeout=30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    assert out == "[0, 0]\n"
